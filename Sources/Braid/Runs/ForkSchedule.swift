/// Decides which threads of a fork may start: those whose predecessors have finished.
struct ForkSchedule: Sendable {
    /// For each thread, indices of threads it comes after, in the order its outline names them.
    private var predecessors: [[Int]]
    private var schedule: GraphSchedule

    /// Plans the threads of these outlines; only what comes after an earlier outline waits, so there are no cycles.
    init(_ outlines: [Outline]) {
        var indices: [Int: Int] = [:]
        predecessors = []
        for (index, outline) in outlines.enumerated() {
            predecessors.append(outline.after.compactMap { indices[$0] })
            if indices[outline.number] == nil { indices[outline.number] = index }
        }
        schedule = GraphSchedule(predecessors)
    }

    /// Threads that a thread comes after.
    func predecessors(of index: Int) -> [Int] { predecessors[index] }

    /// Threads that may start now and have not been named before.
    mutating func ready() -> [Int] { schedule.ready() }

    /// Notes that a thread has finished, however it ended.
    mutating func finished(_ index: Int) { schedule.finished(index) }
}
