/// A stretch of one thread's context that came from one place.
public struct Segment: Sendable, Hashable, Codable {
    /// Where a segment's tokens came from.
    public enum Origin: String, Sendable, Codable {
        /// The question with its frame.
        case prompt
        /// What the runtime started a thread with.
        case seed
        /// Decoded by the model.
        case model
        /// What the runtime put in at a join.
        case joined
        /// What a method put in of its own accord.
        case inserted
    }

    /// Where it came from.
    public var origin: Origin
    /// Its text, tags included.
    public var text: String
    /// Number of its tokens.
    public var tokenCount: Int
    /// Its token ids, when they were decoded; nil for text that only the engine tokenised.
    public var tokens: [TokenID]?
    /// Natural logarithms of the tokens' probabilities, one for each of ``tokens``, when the engine gives them.
    public var logProbabilities: [Float]?
    /// When it began, in seconds since the run began.
    public var start: Double
    /// When it ended, in seconds since the run began.
    public var end: Double

    /// Creates a segment.
    public init(
        origin: Origin, text: String, tokenCount: Int, tokens: [TokenID]? = nil, logProbabilities: [Float]? = nil,
        start: Double, end: Double
    ) {
        self.origin = origin
        self.text = text
        self.tokenCount = tokenCount
        self.tokens = tokens
        self.logProbabilities = logProbabilities
        self.start = start
        self.end = end
    }
}
