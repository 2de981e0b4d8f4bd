/// Decides which nodes of a graph may start: those whose predecessors have finished.
struct GraphSchedule: Sendable {
    private var waitsFor: [Set<Int>]
    private(set) var hasStarted: [Bool]

    /// Plans nodes by the indices of those they come after; nodes in a cycle never start.
    init(_ predecessors: [[Int]]) {
        waitsFor = predecessors.map { Set($0) }
        hasStarted = Array(repeating: false, count: predecessors.count)
    }

    /// Nodes that may start now and have not been named before.
    mutating func ready() -> [Int] {
        let ready = waitsFor.indices.filter { waitsFor[$0].isEmpty && !hasStarted[$0] }
        for index in ready { hasStarted[index] = true }
        return ready
    }

    /// Notes that a node has finished.
    mutating func finished(_ index: Int) {
        for other in waitsFor.indices { waitsFor[other].remove(index) }
    }
}
