/// How a question is split: subtasks and which need whose results.
public struct Plan: Sendable, Hashable, Codable {
    /// The subtasks, in the order in which they were written.
    public var subtasks: [Subtask]
    /// How many of them should be worked on at once; nil when the planner does not say.
    public var width: Int?

    /// Creates a plan.
    public init(subtasks: [Subtask], width: Int? = nil) {
        self.subtasks = subtasks
        self.width = width
    }

    /// The plan in lines, as outlines are written: `2 after 1: ...`.
    public var lines: String {
        subtasks.map { subtask in
            let after = subtask.after.map(String.init).joined(separator: ",")
            return "\(subtask.id)\(after.isEmpty ? "" : " after \(after)"): \(subtask.task)"
        }.joined(separator: "\n")
    }
}
