/// Decides which of several pieces of work may start, such as the threads of a fork: those whose predecessors have finished.
struct DependencySchedule: Sendable {
    /// For each piece, indices of those it comes after.
    private let predecessors: [[Int]]
    /// For each piece, those of them that have not finished, and the one whose work it would repeat.
    private var waitsFor: [Set<Int>]
    private(set) var hasStarted: [Bool]
    private var running: Set<Int> = []
    private let repeated: [Int?]

    /// Plans pieces by the indices of those they come after; pieces in a cycle never start.
    /// - Parameter repeated: for each piece the earlier one that does the same work, if there is one.
    init(_ predecessors: [[Int]], repeated: [Int?] = []) {
        self.predecessors = predecessors
        waitsFor = predecessors.map { Set($0) }
        hasStarted = Array(repeating: false, count: predecessors.count)
        self.repeated = predecessors.indices.map { $0 < repeated.count ? repeated[$0] : nil }
        for (index, original) in self.repeated.enumerated() {
            if let original, original < index { waitsFor[index].insert(original) }
        }
    }

    /// Plans the threads of these outlines; only what comes after an earlier outline waits, so there are no cycles.
    init(_ outlines: [Outline], repeated: [Int?] = []) {
        var indices: [Int: Int] = [:]
        var predecessors: [[Int]] = []
        for (index, outline) in outlines.enumerated() {
            predecessors.append(outline.after.compactMap { indices[$0] })
            if indices[outline.number] == nil { indices[outline.number] = index }
        }
        self.init(predecessors, repeated: repeated)
    }

    /// What a piece comes after, in the order that it was named.
    func predecessors(of index: Int) -> [Int] { predecessors[index] }

    /// The earlier piece that does the same work, if there is one.
    func original(of index: Int) -> Int? { repeated[index] }

    /// Pieces that may start now and have not been named before.
    /// - Parameter width: most pieces that may run at the same time.
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

    /// Notes that a piece is to be started again.
    mutating func retried(_ index: Int) {
        running.remove(index)
        hasStarted[index] = false
    }

    /// Notes that a piece has finished, however it ended.
    mutating func finished(_ index: Int) {
        running.remove(index)
        for other in waitsFor.indices { waitsFor[other].remove(index) }
    }

    /// Gives the pieces that have not started, and never starts them.
    mutating func stop() -> [Int] {
        let unstarted = hasStarted.indices.filter { !hasStarted[$0] }
        for index in unstarted { hasStarted[index] = true }
        return unstarted
    }
}
