/// Decides which threads of a fork may start: those whose predecessors have finished.
struct ForkSchedule: Sendable {
    /// For each thread, indices of threads it still waits for.
    private var waitsFor: [Set<Int>]
    private var hasStarted: [Bool]

    /// Plans the threads of these outlines; only what comes after an earlier outline waits, so there are no cycles.
    init(_ outlines: [Outline]) {
        var indices: [Int: Int] = [:]
        waitsFor = []
        for (index, outline) in outlines.enumerated() {
            waitsFor.append(Set(outline.after.compactMap { indices[$0] }))
            if indices[outline.number] == nil { indices[outline.number] = index }
        }
        hasStarted = Array(repeating: false, count: outlines.count)
    }

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
