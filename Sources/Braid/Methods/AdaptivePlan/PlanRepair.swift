/// Makes a plan usable, or says why it is not; a pure function.
public struct PlanRepair: Sendable, Hashable {
    /// The plan: ids from 1 in order, dependencies on other subtasks only, no cycle, no subtask twice.
    public let plan: Plan
    /// What was changed, in words.
    public let changes: [String]

    /// Repairs a plan.
    ///
    /// Ids that are missing or doubled are counted anew; empty subtasks, dependencies on nothing or on itself, and subtasks
    /// that repeat another are dropped; a task that speaks of another's result (`result of 2`, `#2`) waits for it. A cycle
    /// between two subtasks is cut at the one that was written first; a longer one is refused, because nobody knows where
    /// it should begin.
    /// - Parameter limit: most subtasks.
    /// - Throws: ``PlanError``.
    public init(_ written: Plan, limit: Int) throws(PlanError) {
        var changes: [String] = []
        var subtasks = written.subtasks.filter { !AnswerExtractor.trimmed($0.task).isEmpty }
        if subtasks.count < written.subtasks.count { changes.append("dropped empty subtasks") }
        guard !subtasks.isEmpty else { throw .empty }
        guard subtasks.count <= limit else { throw .tooManySubtasks(subtasks.count, limit: limit) }
        Self.number(&subtasks, &changes)
        Self.clean(&subtasks, &changes)
        Self.mergeEqual(&subtasks, &changes)
        Self.addMentioned(&subtasks, &changes)
        Self.cutPairs(&subtasks, &changes)
        if let cycle = Self.cycle(subtasks) { throw .cyclic(cycle) }
        plan = Plan(subtasks: subtasks, width: written.width.flatMap { $0 > 0 ? $0 : nil })
        self.changes = changes
    }

    private static func number(_ subtasks: inout [Subtask], _ changes: inout [String]) {
        let ids = subtasks.map(\.id)
        let areUsable = Set(ids).count == ids.count && ids.allSatisfy { $0 > 0 }
        guard areUsable else {
            // Who depends on whom cannot be said where ids are not unique; what is said by unique ids is kept.
            var renamed: [Int: Int] = [:]
            for (index, id) in ids.enumerated() where ids.count(where: { $0 == id }) == 1 { renamed[id] = index + 1 }
            for index in subtasks.indices {
                subtasks[index].id = index + 1
                subtasks[index].after = subtasks[index].after.compactMap { renamed[$0] }
            }
            changes.append("numbered the subtasks anew")
            return
        }
        guard ids != Array(1...ids.count) else { return }
        let renamed = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0 + 1) })
        for index in subtasks.indices {
            subtasks[index].id = index + 1
            // A dependency on nothing stays one, under a number that nobody has.
            subtasks[index].after = subtasks[index].after.map { renamed[$0] ?? -1 }
        }
    }

    private static func clean(_ subtasks: inout [Subtask], _ changes: inout [String]) {
        let known = Set(subtasks.map(\.id))
        for index in subtasks.indices {
            var after: [Int] = []
            for id in subtasks[index].after where !after.contains(id) {
                if id == subtasks[index].id {
                    changes.append("subtask \(id) does not wait for itself")
                } else if !known.contains(id) {
                    changes.append("subtask \(subtasks[index].id) does not wait for a subtask that does not exist")
                } else {
                    after.append(id)
                }
            }
            subtasks[index].after = after
            if let difficulty = subtasks[index].difficulty { subtasks[index].difficulty = min(5, max(1, difficulty)) }
        }
    }

    private static func mergeEqual(_ subtasks: inout [Subtask], _ changes: inout [String]) {
        let outlines = subtasks.map { Outline(number: $0.id, after: $0.after, text: $0.task) }
        let repeated = MergeRule().repeated(in: outlines)
        var merged: [Int: Int] = [:]
        for (subtask, original) in zip(subtasks, repeated) {
            guard let original else { continue }
            merged[subtask.id] = subtasks[original].id
            changes.append("subtask \(subtask.id) is the same as \(subtasks[original].id)")
        }
        guard !merged.isEmpty else { return }
        subtasks = subtasks.filter { merged[$0.id] == nil }
        for index in subtasks.indices {
            var after: [Int] = []
            for id in subtasks[index].after.map({ merged[$0] ?? $0 })
            where id != subtasks[index].id && !after.contains(id) { after.append(id) }
            subtasks[index].after = after
        }
    }

    private static func addMentioned(_ subtasks: inout [Subtask], _ changes: inout [String]) {
        let known = Set(subtasks.map(\.id))
        for index in subtasks.indices {
            let words = subtasks[index].task.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "#") }
            for (place, word) in words.enumerated() {
                let id: Int?
                if word.first == "#" {
                    id = Int(word.dropFirst())
                } else if place > 1, ["subtask", "part", "step", "of"].contains(words[place - 1]),
                    words[..<place].suffix(4).contains(where: { $0 == "result" || $0 == "results" })
                {
                    id = Int(word)
                } else {
                    id = nil
                }
                guard let id, known.contains(id), id != subtasks[index].id, !subtasks[index].after.contains(id)
                else { continue }
                subtasks[index].after.append(id)
                changes.append("subtask \(subtasks[index].id) waits for \(id), whose result it mentions")
            }
        }
    }

    private static func cutPairs(_ subtasks: inout [Subtask], _ changes: inout [String]) {
        let places = Dictionary(uniqueKeysWithValues: subtasks.enumerated().map { ($1.id, $0) })
        for index in subtasks.indices {
            let id = subtasks[index].id
            for other in subtasks[index].after where other > id {
                guard let place = places[other], subtasks[place].after.contains(id) else { continue }
                subtasks[index].after.removeAll { $0 == other }
                changes.append("subtask \(id) does not wait for \(other), which waits for it")
            }
        }
    }

    /// Ids of subtasks that can never start; nil when every one can.
    private static func cycle(_ subtasks: [Subtask]) -> [Int]? {
        var open = subtasks
        var done: Set<Int> = []
        while true {
            let ready = open.filter { $0.after.allSatisfy(done.contains) }
            guard !ready.isEmpty else { return open.isEmpty ? nil : open.map(\.id) }
            done.formUnion(ready.map(\.id))
            open.removeAll { done.contains($0.id) }
        }
    }
}
