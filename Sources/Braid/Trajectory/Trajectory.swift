/// The complete record of one run: a tree of segments and forks.
public struct Trajectory: Sendable, Hashable, Codable {
    /// What was asked.
    public var question: Question
    /// Name of the dialect.
    public var dialect: String
    /// Name of the method.
    public var method: String
    /// Name of the model.
    public var model: String
    /// Name of the engine.
    public var engine: String
    /// Seed of the run.
    public var seed: UInt64
    /// What was answered; nil while the run goes on and after an engine failed.
    public var answer: Answer?
    /// Whether a verifier accepted the answer; nil when none looked.
    public var verified: Bool?
    /// The main line.
    public var root: ReasoningThread
    /// How often the model's structure was malformed.
    public var malformedCount: Int
    /// How many threads a budget or their context's end cut, the main line included.
    public var cutCount: Int
    /// How long the run took, in seconds.
    public var seconds: Double
    /// What the controller did, in order.
    public var decisions: [ControllerDecision] {
        get { storedDecisions ?? [] }
        set { storedDecisions = newValue.isEmpty ? nil : newValue }
    }
    /// Nil for none, so that a record without any has no such field.
    private var storedDecisions: [ControllerDecision]?

    private enum CodingKeys: String, CodingKey {
        case question, dialect, method, model, engine, seed, answer, verified, root, malformedCount, cutCount, seconds
        case storedDecisions = "decisions"
    }

    /// Creates a record.
    public init(
        question: Question, dialect: String, method: String, model: String, engine: String, seed: UInt64,
        answer: Answer? = nil, verified: Bool? = nil, root: ReasoningThread, malformedCount: Int = 0,
        cutCount: Int = 0, seconds: Double = 0
    ) {
        self.question = question
        self.dialect = dialect
        self.method = method
        self.model = model
        self.engine = engine
        self.seed = seed
        self.answer = answer
        self.verified = verified
        self.root = root
        self.malformedCount = malformedCount
        self.cutCount = cutCount
        self.seconds = seconds
    }
}
