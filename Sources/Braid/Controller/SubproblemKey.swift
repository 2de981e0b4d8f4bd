/// What decides a subproblem's result: nothing else may differ between two that share one.
public struct SubproblemKey: Sendable, Hashable, Codable {
    /// Whose result it is; results never pass from one to another.
    public let tenant: String
    /// The subtask, see ``normalised(_:)``.
    public let subtask: String
    /// What the thread was told besides: question, instructions, results of others, as they were given to it.
    public let facts: [String]
    /// The engine's model.
    public let model: String
    /// How tokens are drawn.
    public let sampling: SamplingParameters
    /// The seed of the draws; nil when they are greedy and no seed matters.
    public let seed: UInt64?

    /// Creates a key.
    public init(
        tenant: String, subtask: String, facts: [String], model: String, sampling: SamplingParameters, seed: UInt64
    ) {
        self.tenant = tenant
        self.subtask = Self.normalised(subtask)
        self.facts = facts
        self.model = model
        self.sampling = sampling
        self.seed = sampling.temperature > 0 ? seed : nil
    }

    /// A subtask in lower case, its white space made single spaces, without a full stop at the end.
    public static func normalised(_ subtask: String) -> String {
        var text = subtask.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        while text.last == "." { text.removeLast() }
        return text
    }
}
