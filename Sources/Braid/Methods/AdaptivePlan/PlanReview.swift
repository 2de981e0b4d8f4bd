/// A person's look at a plan and at the answer before they are used.
public struct PlanReview: Sendable {
    /// What a person says.
    public enum Verdict<Value: Sendable & Hashable>: Sendable, Hashable {
        /// Go on.
        case approved
        /// Go on with this instead.
        case edited(Value)
        /// Do not go on; the text says why.
        case refused(String)
    }

    /// Shown the plan before any subtask starts, and a plan for a subtask that turned out too long.
    public var plan: @Sendable (Plan) async throws -> Verdict<Plan>
    /// Shown the results, in the order in which the answer is written from them, before it is written.
    public var results: @Sendable ([String]) async throws -> Verdict<[String]>

    /// Creates a review.
    public init(
        plan: @escaping @Sendable (Plan) async throws -> Verdict<Plan>,
        results: @escaping @Sendable ([String]) async throws -> Verdict<[String]>
    ) {
        self.plan = plan
        self.results = results
    }
}
