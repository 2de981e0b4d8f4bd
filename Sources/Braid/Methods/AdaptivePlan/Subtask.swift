/// One part of a ``Plan``.
public struct Subtask: Sendable, Hashable, Codable {
    /// Its number within the plan, from 1.
    public var id: Int
    /// What is to be done, understandable by itself.
    public var task: String
    /// Ids of the subtasks whose results it needs.
    public var after: [Int]
    /// 1 (easy) to 5 (hard); nil when the planner does not say.
    public var difficulty: Int?

    /// Creates a subtask.
    public init(id: Int, task: String, after: [Int] = [], difficulty: Int? = nil) {
        self.id = id
        self.task = task
        self.after = after
        self.difficulty = difficulty
    }

    private enum CodingKeys: String, CodingKey {
        case id, task, after, difficulty
    }

    /// Reads a subtask; only its task must be there.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decodeIfPresent(Int.self, forKey: .id) ?? 0
        task = try container.decode(String.self, forKey: .task)
        after = try container.decodeIfPresent([Int].self, forKey: .after) ?? []
        difficulty = try container.decodeIfPresent(Int.self, forKey: .difficulty)
    }
}
