/// How much a store keeps; what is older goes first, and a run that goes on never does.
public struct RetentionLimits: Sendable, Hashable {
    /// Most runs.
    public var runs: Int
    /// Most bytes of the database file that are in use.
    public var bytes: Int
    /// How long a run is kept.
    public var age: Duration
    /// Most results of subproblems.
    public var results: Int

    /// Creates limits; those below zero mean zero.
    public init(runs: Int, bytes: Int, age: Duration, results: Int) {
        self.runs = max(0, runs)
        self.bytes = max(0, bytes)
        self.age = max(.zero, age)
        self.results = max(0, results)
    }

    /// 10,000 runs, 2 GiB, 90 days, 10,000 results.
    public static let standard = RetentionLimits(
        runs: 10_000, bytes: 2 << 30, age: .seconds(90 * 24 * 3600), results: 10_000)
}
