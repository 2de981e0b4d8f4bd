/// One plain prompt with what its answer may be: a value that ``ReasoningRun`` performs.
public struct PromptedCall: Sendable, Hashable {
    /// What it is for, for people; calls with the same label draw by their order among themselves.
    public var label: String
    /// What is asked.
    public var prompt: Prompt
    /// Numbers of the calls whose text this one depends on, see ``Completion/call``.
    public var after: [Int]
    /// How many answers are drawn; the prompt is prefilled once.
    public var samples: Int
    /// Texts that end an answer; none of them is part of it.
    public var stops: [String]
    /// Most tokens of one answer; nil for as many as the budget allows.
    public var maximumTokens: Int?
    /// How tokens are drawn; nil for the run's way.
    public var sampling: SamplingParameters?
    /// Whether it writes what the run answers, so that it may use the tokens that the budget keeps for that.
    public var answers: Bool
    /// The form that an answer should have, for engines that can be told; the prompt says it, too.
    public var form: ReplyForm?

    /// Creates a call.
    /// - Parameter after: everything whose text went into the prompt, or decided that there is one: the critical path is
    ///   computed from it.
    public init(
        _ label: String, _ prompt: Prompt, after: [Completion], samples: Int = 1, stops: [String] = [],
        maximumTokens: Int? = nil, sampling: SamplingParameters? = nil, answers: Bool = false,
        form: ReplyForm? = nil
    ) {
        self.label = label
        self.prompt = prompt
        self.after = Set(after.map(\.call)).sorted()
        self.samples = samples
        self.stops = stops
        self.maximumTokens = maximumTokens
        self.sampling = sampling
        self.answers = answers
        self.form = form
    }

    /// Refuses numbers that make no sense.
    func check() throws(RunError) {
        guard (1...256).contains(samples) else {
            throw .invalidOption(name: "samples", value: samples, allowed: 1...256)
        }
        guard maximumTokens ?? 1 > 0 else {
            throw .invalidOption(name: "maximumTokens", value: maximumTokens ?? 1, allowed: 1...(1 << 24))
        }
    }
}
