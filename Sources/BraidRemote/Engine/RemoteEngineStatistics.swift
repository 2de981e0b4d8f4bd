/// What a remote engine did so far, by its own counts.
public struct RemoteEngineStatistics: Sendable, Hashable, Codable {
    /// Generations that were asked for, retries included.
    public var requests = 0
    /// Generations that were tried again, or went on elsewhere.
    public var retries = 0
    /// Abort calls.
    public var aborts = 0
    /// Joins that were read ahead.
    public var warmUps = 0
    /// Tokens of all prompts.
    public var promptTokens = 0
    /// Those of them that engines had in their caches, where they say so.
    public var cachedTokens = 0
    /// Tokens delivered to contexts.
    public var deliveredTokens = 0
    /// Tokens whose ids the engine did not tell, so that their text was tokenised again.
    public var retokenizedTokens = 0
    /// Tags in plain text that were broken, so that the engine reads them as text.
    public var brokenTags = 0

    /// Creates counts of nothing.
    public init() {}
}
