/// A worked example for the planner.
public struct PlanExample: Sendable, Hashable, Codable {
    /// What is asked.
    public var question: String
    /// How it is split.
    public var plan: Plan

    /// Creates an example.
    public init(question: String, plan: Plan) {
        self.question = question
        self.plan = plan
    }
}
