/// Why a plan cannot be used.
public enum PlanError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no plan in the reply.
    case notFound(reply: String)
    /// The plan is JSON and does not have the form that was asked for.
    case malformed(String)
    /// It has no subtasks.
    case empty
    /// It has more subtasks than may be run.
    case tooManySubtasks(Int, limit: Int)
    /// Subtasks wait for each other.
    case cyclic([Int])

    /// What is wrong, in words that a model can act on.
    public var description: String {
        switch self {
        case .notFound(let reply): "no plan was found in the reply “\(reply.prefix(80))”"
        case .malformed(let what): "the plan is not of the form that was asked for: \(what)"
        case .empty: "the plan has no subtasks"
        case .tooManySubtasks(let count, let limit): "the plan has \(count) subtasks, at most \(limit) are possible"
        case .cyclic(let ids): "subtasks \(ids.map(String.init).joined(separator: ", ")) wait for each other"
        }
    }
}
