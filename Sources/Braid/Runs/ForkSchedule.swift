/// Decides which threads of a fork may start: those whose predecessors have finished.
struct ForkSchedule: Sendable {
    /// For each thread, indices of threads it comes after, in the order its outline names them.
    private var predecessors: [[Int]]
    /// For each thread, those of them that have not finished.
    private var waitsFor: [Set<Int>]
    private var hasStarted: [Bool]

    /// Plans the threads of these outlines; only what comes after an earlier outline waits, so there are no cycles.
    init(_ outlines: [Outline]) {
        var indices: [Int: Int] = [:]
        predecessors = []
        for (index, outline) in outlines.enumerated() {
            predecessors.append(outline.after.compactMap { indices[$0] })
            if indices[outline.number] == nil { indices[outline.number] = index }
        }
        waitsFor = predecessors.map { Set($0) }
        hasStarted = Array(repeating: false, count: outlines.count)
    }

    /// Threads that a thread comes after.
    func predecessors(of index: Int) -> [Int] { predecessors[index] }

    /// Threads that may start now and have not been named before.
    mutating func ready() -> [Int] {
        let ready = waitsFor.indices.filter { waitsFor[$0].isEmpty && !hasStarted[$0] }
        for index in ready { hasStarted[index] = true }
        return ready
    }

    /// Notes that a thread has finished, however it ended.
    mutating func finished(_ index: Int) {
        for other in waitsFor.indices { waitsFor[other].remove(index) }
    }
}
