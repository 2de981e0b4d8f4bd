/// One append-only token sequence inside an engine, with four verbs: extend, decode, fork, join.
///
/// A context is used by one task at a time. Close it when done: an engine keeps its memory until then.
public protocol EngineContext: Sendable {
    /// Tokens in the context so far: positions that attention walks over.
    var tokenCount: Int { get async }

    /// Appends known tokens (prefill) and returns how many they were.
    /// - Throws: ``EngineError``; the context is unchanged then.
    @discardableResult
    func extend(_ text: TokenText) async throws -> Int

    /// Generates tokens until a stop; every token delivered is part of the context.
    func decode(_ options: DecodingOptions) -> DecodedTokens

    /// Contexts that share everything so far. This context must not be extended or decoded until they are joined or
    /// closed.
    func fork(_ count: Int) async throws -> [any EngineContext]

    /// The same for threads that are numbered from 1: each adds the model's own embedding of its number to the keys and
    /// values of what it writes (ParaThinker, arXiv 2509.04475, section 3), as many as ``EngineDescription/thoughts``.
    /// - Throws: ``EngineError/unsupported(_:)`` where the model has no such embeddings.
    func forkNumbered(_ count: Int) async throws -> [any EngineContext]

    /// Makes contexts that share everything so far and see each other while they are written. This context must not be
    /// extended or decoded until the group is closed.
    /// - Throws: ``EngineError/unsupported(_:)`` on engines without ``EngineDescription/groupsContexts``.
    func group(_ options: GroupOptions) async throws -> any ContextGroup

    /// Says how the text of the coming ``JoinForm/reprefill(_:)`` join begins, while threads still run, so that an engine
    /// can prefill it ahead; a later call says the same and more.
    ///
    /// A hint that changes nothing but the time that the join takes: the join may turn out to be another one. An engine
    /// may ignore it, and does unless it says otherwise.
    func warmUpJoin(_ text: TokenText) async throws

    /// Brings threads that were forked from this context back into it, in the order given, and closes them.
    func join(_ threads: [any EngineContext], as form: JoinForm) async throws

    /// Log-probabilities of the tokens of `text`, were it to follow; commits nothing.
    func score(_ text: TokenText) async throws -> [LogProbability]

    /// Gives the context's memory back; closing twice is harmless.
    func close() async
}

extension EngineContext {
    /// Ignores the hint.
    public func warmUpJoin(_ text: TokenText) async throws {}

    /// Says that the engine cannot.
    public func forkNumbered(_ count: Int) async throws -> [any EngineContext] {
        throw EngineError.unsupported(
            "threads with thought embeddings; use the embedded engine with a ParaThinker checkpoint")
    }

    /// Says that the engine cannot.
    public func group(_ options: GroupOptions) async throws -> any ContextGroup {
        throw EngineError.unsupported(
            "contexts that see each other while they are written; use the embedded engine, or threads that are joined")
    }
}
