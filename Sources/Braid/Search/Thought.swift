/// One state of a search: the steps so far (the state `s` of Tree of Thoughts, section 3).
public struct Thought: Sendable, Hashable {
    /// The steps, the first first; none for the question alone.
    public var steps: [String]
    /// Value of the last step, as the evaluator gave it.
    public var value: Double
    /// Sum of the values of all steps.
    public var total: Double

    /// Creates a state.
    public init(steps: [String] = [], value: Double = 0, total: Double = 0) {
        self.steps = steps
        self.value = value
        self.total = total
    }

    /// The state after one more step.
    public func adding(_ step: String, value: Double) -> Thought {
        Thought(steps: steps + [step], value: value, total: total + value)
    }

    /// The answer that its last step states; nil when the search has to go on.
    public var answer: String? { steps.last.flatMap { Reply($0).stated } }

    /// The steps as a prompt shows them, a line each; `(none)` when there are none.
    public var shown: String {
        steps.isEmpty
            ? "(none)" : steps.enumerated().map { "Step \($0 + 1): \($1)" }.joined(separator: "\n")
    }
}
