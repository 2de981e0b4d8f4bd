/// Decides which threads of a fork may start: those whose predecessors have finished.
struct ForkSchedule: Sendable {
    /// For each thread, indices of threads it comes after, in the order its outline names them.
    private var predecessors: [[Int]]
    /// For each thread, those of them that have not finished, and the one whose work it would repeat.
    private var waitsFor: [Set<Int>]
    private var hasStarted: [Bool]
    private var running: Set<Int> = []
    private let repeated: [Int?]

    /// Plans the threads of these outlines; only what comes after an earlier outline waits, so there are no cycles.
    /// - Parameter repeated: for each thread the earlier one that does the same work, if there is one.
    init(_ outlines: [Outline], repeated: [Int?] = []) {
        var indices: [Int: Int] = [:]
        predecessors = []
        for (index, outline) in outlines.enumerated() {
            predecessors.append(outline.after.compactMap { indices[$0] })
            if indices[outline.number] == nil { indices[outline.number] = index }
        }
        waitsFor = predecessors.map { Set($0) }
        hasStarted = Array(repeating: false, count: outlines.count)
        self.repeated = outlines.indices.map { $0 < repeated.count ? repeated[$0] : nil }
        for (index, original) in self.repeated.enumerated() {
            if let original, original < index { waitsFor[index].insert(original) }
        }
    }

    /// Threads that a thread comes after.
    func predecessors(of index: Int) -> [Int] { predecessors[index] }

    /// The earlier thread that does the same work, if there is one.
    func original(of index: Int) -> Int? { repeated[index] }

    /// Threads that may start now and have not been named before.
    /// - Parameter width: most threads that may run at the same time.
    mutating func ready(width: Int = .max) -> [Int] {
        var ready: [Int] = []
        for index in waitsFor.indices
        where waitsFor[index].isEmpty && !hasStarted[index] && running.count < max(1, width) {
            hasStarted[index] = true
            running.insert(index)
            ready.append(index)
        }
        return ready
    }

    /// Notes that a thread is to be started again.
    mutating func retried(_ index: Int) {
        running.remove(index)
        hasStarted[index] = false
    }

    /// Notes that a thread has finished, however it ended.
    mutating func finished(_ index: Int) {
        running.remove(index)
        for other in waitsFor.indices { waitsFor[other].remove(index) }
    }

    /// Gives the threads that have not started, and never starts them.
    mutating func stop() -> [Int] {
        let unstarted = hasStarted.indices.filter { !hasStarted[$0] }
        for index in unstarted { hasStarted[index] = true }
        return unstarted
    }
}
