public import Braid

/// What a live engine is and does, as ``EngineCheckup`` found it.
public struct EngineReport: Sendable, Hashable, Codable {
    /// Whether control tags are single tokens.
    public struct TokenizerCheck: Sendable, Hashable, Codable {
        /// Tags that are single tokens of the vocabulary.
        public var singleTokens: [String]
        /// Tags that are not, so that methods which need them do not run by ids.
        public var missing: [String]
        /// Whether the local tokenizer, if there is one, gives the ids that the engine gives; nil when nobody compared.
        public var agreesWithLocal: Bool?
    }

    /// What the engine's cache saves.
    public struct CacheCheck: Sendable, Hashable, Codable {
        /// Tokens of the prompt that was sent twice.
        public var promptTokens: Int
        /// Those of them that came from the cache the second time; nil when the engine does not say.
        public var cachedTokens: Int?
    }

    /// Whether a generation that nobody reads ends.
    public enum CancellationCheck: String, Sendable, Codable {
        /// The engine had nothing to do soon after.
        case stops
        /// It was still at work seconds later.
        case goesOn
        /// It does not tell what it is doing.
        case unknown
    }

    /// Speed of several generations at once.
    public struct WidthCheck: Sendable, Hashable, Codable {
        /// How many.
        public var width: Int
        /// Tokens per second of all together.
        public var tokensPerSecond: Double
    }

    /// The address.
    public var url: String
    /// The kind of engine.
    public var engine: String
    /// The model.
    public var model: String
    /// How much access it gives, 0 to 3.
    public var tier: EngineDescription.Tier
    /// Longest context in tokens.
    public var contextLength: Int
    /// Most requests at once.
    public var capacity: Int
    /// Nil below tier T3.
    public var tokenizer: TokenizerCheck?
    /// Nil where no raw prompt can be sent.
    public var prefixCache: CacheCheck?
    /// Whether a generation that nobody reads ends.
    public var cancellation: CancellationCheck
    /// Speed by width.
    public var widths: [WidthCheck]
    /// The widest that was clearly faster than half of it.
    public var usefulWidth: Int
}
