internal import Braid

/// What the worker knows of a context, beside its pages.
///
/// The cache may hold the keys of fewer tokens than the context has: the last token is run only when what follows it is
/// asked for, so that a prompt and the first decode step cost one pass; and a context that was preempted has none.
///
/// A class, because it is changed at every token, which in a dictionary of values would cost allocations; only the worker's
/// thread has it.
final class ContextState {
    /// All tokens, whether the cache has their keys or not.
    var tokens: [TokenID] = []
    /// What the model says comes next, when the cache has all tokens and that is known; shared by the threads of a fork.
    var logits: [Float]?
    /// Bytes of a character that is not complete yet.
    var text: TextDecoder
    /// The job that works on it.
    var job: JobID?
    /// The context that was opened for the question it belongs to.
    let question: ContextID
    /// Number of the thought that what it appends belongs to, for models with thought embeddings; 0 outside of thoughts.
    var thought = 0
    /// How many forks lie between it and that context.
    var depth = 0
    /// Whom it was forked from, and how many tokens both had then.
    var origin: (parent: ContextID, tokenCount: Int)?
    /// Threads that were neither joined nor closed.
    var openThreads: Set<ContextID> = []
    /// A context that shares everything with this one and goes on as the coming join is expected to.
    var ahead: ContextID?
    /// Most tokens whose keys the cache has had.
    var reach = 0

    /// A context with nothing in it.
    init(text: TextDecoder, question: ContextID) {
        self.text = text
        self.question = question
    }

    /// A context that is the same for now.
    init(copying other: ContextState) {
        tokens = other.tokens
        logits = other.logits
        text = other.text
        job = other.job
        question = other.question
        depth = other.depth
        origin = other.origin
        openThreads = other.openThreads
        ahead = other.ahead
        reach = other.reach
    }
}
