public import Braid

/// How to talk to remote engines.
public struct RemoteEngineOptions: Sendable {
    /// The key that the engine wants, if it wants one.
    public var credential: Credential?
    /// Control tags that methods will use; those that are single tokens of the engine's vocabulary work by id.
    public var tags: Set<String>
    /// The vocabulary, where it is known here; without one the engine is asked to tokenise.
    public var vocabulary: RemoteVocabulary?
    /// Whether only the chat routes are used, so that the service's own chat template frames what is asked.
    public var chatOnly: Bool
    /// Longest wait for the beginning of an answer.
    public var firstByteTimeout: Duration
    /// Longest silence within an answer.
    public var silenceTimeout: Duration

    /// Creates options.
    public init(
        credential: Credential? = nil, tags: Set<String> = Dialect.braid.allTags,
        vocabulary: RemoteVocabulary? = nil, chatOnly: Bool = false, firstByteTimeout: Duration = .seconds(120),
        silenceTimeout: Duration = .seconds(60)
    ) {
        self.credential = credential
        self.tags = tags
        self.vocabulary = vocabulary
        self.chatOnly = chatOnly
        self.firstByteTimeout = firstByteTimeout
        self.silenceTimeout = silenceTimeout
    }
}
