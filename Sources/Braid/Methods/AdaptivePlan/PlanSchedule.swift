/// Which subtasks of a plan may start; it grows when subtasks turn out to need others, are split, or open new ones. A pure
/// value.
public struct PlanSchedule: Sendable, Hashable {
    private enum State: Hashable {
        case waiting, running, ended
    }

    /// All subtasks, those that were spawned last.
    public private(set) var subtasks: [Subtask]
    private var states: [Int: State] = [:]

    /// Plans the subtasks of a repaired plan.
    public init(_ plan: Plan) {
        subtasks = plan.subtasks
        for subtask in subtasks { states[subtask.id] = .waiting }
    }

    /// Subtasks that may start now and have not been named before; the hardest first, as the join waits for the slowest.
    /// - Parameter width: most that may run at the same time.
    public mutating func ready(width: Int) -> [Subtask] {
        let running = states.values.count { $0 == .running }
        let candidates = subtasks.filter { subtask in
            states[subtask.id] == .waiting && subtask.after.allSatisfy { states[$0] == .ended }
        }
        let ready = candidates.sorted { ($1.difficulty ?? 3, $0.id) < ($0.difficulty ?? 3, $1.id) }
            .prefix(max(0, max(1, width) - running))
        for subtask in ready { states[subtask.id] = .running }
        return Array(ready)
    }

    /// Whether every subtask has ended.
    public var isDone: Bool { states.values.allSatisfy { $0 == .ended } }

    /// Notes that a subtask has ended, however it did.
    public mutating func ended(_ id: Int) {
        if states[id] != nil { states[id] = .ended }
    }

    /// Lets a subtask run again.
    public mutating func again(_ id: Int) {
        if states[id] != nil { states[id] = .waiting }
    }

    /// Lets a running subtask wait for another that it turned out to need, and then run again.
    /// - Returns: false, and nothing changes, when there is no such subtask or it waits for this one itself.
    public mutating func wait(_ id: Int, for other: Int) -> Bool {
        guard let index = subtasks.firstIndex(where: { $0.id == id }), states[other] != nil, other != id,
            !subtasks[index].after.contains(other), !needs(other, id)
        else { return false }
        subtasks[index].after.append(other)
        states[id] = .waiting
        return true
    }

    /// Adds a subtask that another one has opened.
    public mutating func spawn(_ task: String) -> Subtask {
        let subtask = Subtask(id: (subtasks.map(\.id).max() ?? 0) + 1, task: task)
        subtasks.append(subtask)
        states[subtask.id] = .waiting
        return subtask
    }

    /// Puts smaller subtasks before a running one that turned out too long: they need what it needs, and it runs again with
    /// their results.
    /// - Parameter parts: subtasks of a repaired plan.
    /// - Returns: the smaller ones, as they are numbered here; empty, and nothing changes, when there is no such subtask.
    @discardableResult
    public mutating func split(_ id: Int, into parts: [Subtask]) -> [Subtask] {
        guard let index = subtasks.firstIndex(where: { $0.id == id }) else { return [] }
        let last = subtasks.map(\.id).max() ?? 0
        let smaller = parts.map { part in
            Subtask(
                id: last + part.id, task: part.task, after: subtasks[index].after + part.after.map { last + $0 },
                difficulty: part.difficulty)
        }
        subtasks[index].after += smaller.map(\.id)
        states[id] = .waiting
        for subtask in smaller { states[subtask.id] = .waiting }
        subtasks += smaller
        return smaller
    }

    /// These subtasks and all that need their results, directly or not.
    public func dependents(of ids: Set<Int>) -> Set<Int> {
        var found = ids
        var hasGrown = true
        while hasGrown {
            hasGrown = false
            for subtask in subtasks where !found.contains(subtask.id) && !found.isDisjoint(with: subtask.after) {
                found.insert(subtask.id)
                hasGrown = true
            }
        }
        return found
    }

    private func needs(_ id: Int, _ other: Int) -> Bool { dependents(of: [other]).contains(id) }
}
