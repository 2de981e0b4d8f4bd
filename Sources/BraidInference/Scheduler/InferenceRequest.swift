internal import Braid

/// What a context asks of the worker.
///
/// Replies are called exactly once, on the worker's thread; they must not block.
enum InferenceRequest: Sendable {
    typealias Reply<Value> = @Sendable (Result<Value, any Error>) -> Void

    /// Start a context and prefill a prompt.
    case open([TokenID], CachePartition, Reply<ContextID>)
    /// Append known tokens.
    case extend(ContextID, [TokenID], Reply<Int>)
    /// Generate tokens.
    case decode(ContextID, DecodingOptions, DecodingSink)
    /// Start contexts that share everything so far, numbered from 1 or not.
    case fork(ContextID, Int, isNumbered: Bool, Reply<[ContextID]>)
    /// Start contexts that see each other; named by their common beginning.
    case group(ContextID, GroupOptions, texts: [[TokenID]], forbidden: [TokenID], Reply<ContextID>)
    /// Append known tokens to a member of a group.
    case extendMember(ContextID, Int, [TokenID], Reply<Int>)
    /// Draw a token in each of some members of a group.
    case stepGroup(ContextID, [Int], Reply<[DrawnToken]>)
    /// Move what a member of a group has written to the common beginning.
    case publish(ContextID, Int, Reply<Void>)
    /// End a group.
    case closeGroup(ContextID)
    /// Prefill the beginning of what a join will append, while threads still run.
    case warm(ContextID, [TokenID], Reply<Void>)
    /// Bring threads back, by the tokens given or, without any, by adopting their pages.
    case join(ContextID, threads: [ContextID], tokens: [TokenID]?, Reply<Void>)
    /// Log-probabilities of tokens, were they to follow.
    case score(ContextID, [TokenID], Reply<[LogProbability]>)
    /// Tokens in a context.
    case count(ContextID, Reply<Int>)
    /// End a context.
    case close(ContextID)
    /// Forget all prefixes.
    case clear(Reply<Void>)
    /// What was done so far.
    case statistics(Reply<EmbeddedEngineStatistics>)
}
