/// A thread that finds work which no thread covers says so in a line `NEW: ...`; the work becomes a thread of its own.
public struct SpawnRule: Sendable, Hashable, Codable {
    /// What such a line begins with.
    public static let marker = "NEW:"

    /// Most threads that one reply may open.
    public var limit: Int

    /// Creates the rule.
    public init(limit: Int = 2) {
        self.limit = max(0, limit)
    }

    /// New subtasks in a reply, in order.
    /// - Parameters:
    ///   - known: subtasks that there are already; what repeats one is not new.
    ///   - room: threads that the budget has left.
    public func subtasks(in reply: String, known: [String], room: Int) -> [String] {
        var seen = Set(known.map { SubproblemKey.normalised($0) })
        var found: [String] = []
        for line in reply.split(whereSeparator: \.isNewline) where found.count < min(limit, room) {
            let line = AnswerExtractor.trimmed(String(line))
            guard line.hasPrefix(Self.marker) else { continue }
            let task = AnswerExtractor.trimmed(String(line.dropFirst(Self.marker.count)))
            let isNew = seen.insert(SubproblemKey.normalised(task)).inserted
            if !task.isEmpty, isNew { found.append(task) }
        }
        return found
    }
}
