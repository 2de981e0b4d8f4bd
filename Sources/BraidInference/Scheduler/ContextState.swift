internal import Braid

/// What the worker knows of a context, beside its pages.
///
/// The cache holds the keys of all tokens but ``pending``: the last token is run only when what follows it is asked for,
/// so that a prompt and the first decode step cost one pass.
struct ContextState {
    /// All tokens in view, pending ones included.
    var tokens: [TokenID] = []
    /// Tokens at the end whose keys are not in the cache yet: at most one between jobs.
    var pending: [TokenID] = []
    /// What the model says comes next, when ``pending`` is empty and that is known; shared by the threads of a fork.
    var logits: [Float]?
    /// Bytes of a character that is not complete yet.
    var text: TextDecoder
    /// The job that works on it.
    var job: JobID?
    /// Whom it was forked from, and how many tokens both had then.
    var origin: (parent: ContextID, tokenCount: Int)?
    /// Threads that were neither joined nor closed.
    var openThreads: Set<ContextID> = []
}
