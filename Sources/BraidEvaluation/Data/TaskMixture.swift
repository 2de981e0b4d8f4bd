/// How many of a hundred training trajectories each family has.
public struct TaskMixture: Sendable, Hashable {
    /// The mixture's percentages do not add up to 100.
    public struct NotAHundred: Error, Sendable, Hashable, CustomStringConvertible {
        /// Their sum.
        public let sum: Int

        public var description: String { "the shares add up to \(sum) percent; they must add up to 100" }
    }

    private let shares: [(task: PuzzleTask, percent: Int)]

    /// What the built-in models see.
    ///
    /// Short trajectories have large shares: a sum has 16 tokens where a four-number puzzle has 300.
    public static let standard = TaskMixture(unchecked: [
        .countdown4: 42, .countdown3: 12, .multiplication: 13, .equations: 17, .sums: 12, .foreign: 4,
    ])

    /// Creates a mixture; families without a share do not occur.
    /// - Throws: ``NotAHundred``; a negative share counts as a sum of its own.
    public init(_ percents: [PuzzleTask: Int]) throws(NotAHundred) {
        let sum = percents.values.reduce(0) { $0.addingReportingOverflow($1).partialValue }
        guard sum == 100 else { throw NotAHundred(sum: sum) }
        if let negative = percents.values.first(where: { $0 < 0 }) { throw NotAHundred(sum: negative) }
        self.init(unchecked: percents)
    }

    private init(unchecked percents: [PuzzleTask: Int]) {
        shares = Self.order.map { ($0, percents[$0] ?? 0) }
    }

    public static func == (left: TaskMixture, right: TaskMixture) -> Bool {
        left.shares.map(\.percent) == right.shares.map(\.percent)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(shares.map(\.percent))
    }

    /// The family at a point from 0 to 99.
    func task(at point: Int) -> PuzzleTask {
        var left = point
        for share in shares {
            if left < share.percent { return share.task }
            left -= share.percent
        }
        return .countdown4
    }

    /// Fixed, so that a seed always tells the same problems.
    private static let order: [PuzzleTask] = [
        .countdown4, .countdown3, .multiplication, .equations, .sums, .foreign,
    ]
}
