/// What an engine is and can do.
public struct EngineDescription: Sendable, Hashable {
    /// How much of the token stream an engine gives access to.
    public enum Tier: Int, Sendable, Comparable, Codable {
        /// Chat only.
        case chat = 0
        /// Chat with the assistant's beginning given.
        case chatPrefill = 1
        /// Raw text completion.
        case text = 2
        /// Token ids in and out, with stop ids.
        case tokens = 3

        /// Whether the left tier gives less access.
        public static func < (left: Tier, right: Tier) -> Bool { left.rawValue < right.rawValue }
    }

    /// Short name of the engine, such as `embedded`.
    public var name: String
    /// The model it serves.
    public var model: String
    /// Longest context in tokens.
    public var contextLength: Int
    /// Access tier.
    public var tier: Tier
    /// Control tags that are single tokens of its vocabulary.
    public var controlTags: Set<String>
    /// Whether decoding can be constrained by a ``ControlGrammar``.
    public var masksTokens: Bool
    /// Whether ``JoinForm/stitch`` works.
    public var stitches: Bool
    /// Whether token log-probabilities are delivered.
    public var logProbabilities: Bool
    /// Whether contexts can see each other while they are written (``EngineContext/group(_:)``).
    public var groupsContexts: Bool
    /// Threads that the model has thought embeddings for (``EngineContext/forkNumbered(_:)``).
    public var thoughts: Int
    /// How long its steps take, by number of threads; nil until it was measured.
    public var stepTimes: StepTimes?

    /// Creates a description.
    public init(
        name: String, model: String, contextLength: Int, tier: Tier, controlTags: Set<String>,
        masksTokens: Bool, stitches: Bool, logProbabilities: Bool, groupsContexts: Bool = false, thoughts: Int = 0,
        stepTimes: StepTimes? = nil
    ) {
        self.name = name
        self.model = model
        self.contextLength = contextLength
        self.tier = tier
        self.controlTags = controlTags
        self.masksTokens = masksTokens
        self.stitches = stitches
        self.logProbabilities = logProbabilities
        self.groupsContexts = groupsContexts
        self.thoughts = thoughts
        self.stepTimes = stepTimes
    }
}
