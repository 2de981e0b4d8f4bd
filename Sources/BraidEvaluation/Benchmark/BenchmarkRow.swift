import Braid

/// What one method reached on one family of problems.
public struct BenchmarkRow: Sendable, Hashable, Codable {
    /// The method, with `@model` where several models are compared.
    public var method: String
    /// The family.
    public var task: PuzzleTask
    /// Problems answered or failed.
    public var n: Int
    /// Share of right answers, checked exactly.
    public var accuracy: Double
    /// Lower end of its 95 % Wilson interval.
    public var accuracyLow: Double
    /// Upper end of its 95 % Wilson interval.
    public var accuracyHigh: Double
    /// Decoded tokens per problem, all threads.
    public var meanTotalTokens: Double
    /// Decoded tokens on the critical path per problem.
    public var meanCriticalPathTokens: Double
    /// Share of runs that forked at least once.
    public var forkRate: Double
    /// Threads per run.
    public var meanThreads: Double
    /// Share of runs whose width is the one the problem asks for: a thread for each equation, none for a plain sum; nil
    /// where no width is the right one.
    public var expectedWidthRate: Double?
    /// Share of runs whose structure was valid throughout.
    public var structureValidRate: Double
    /// Returns per run that a check found false, and that were not used.
    public var meanRefutedReturns: Double
    /// Subtasks per run whose result came from the cache.
    public var meanReusedResults: Double
    /// Seconds per run; runs share the engine when several are under way.
    public var meanWallSeconds: Double

    init(method: String, task: PuzzleTask, results: [Benchmark.Result]) {
        self.method = method
        self.task = task
        n = results.count
        let right = results.count { $0.isCorrect }
        let interval = WilsonInterval(successes: right, trials: n)
        let share = { (count: Int) in results.isEmpty ? 0 : Double(count) / Double(results.count) }
        let mean = { (value: (Benchmark.Result) -> Double) in
            results.isEmpty ? 0 : results.map(value).reduce(0, +) / Double(results.count)
        }
        accuracy = share(right)
        accuracyLow = interval.low
        accuracyHigh = interval.high
        meanTotalTokens = mean { Double($0.metrics.totalTokens) }
        meanCriticalPathTokens = mean { Double($0.metrics.criticalPathTokens) }
        forkRate = share(results.count { $0.metrics.forks > 0 })
        meanThreads = mean { Double($0.metrics.threads) }
        let expected = results.compactMap(\.hasExpectedWidth)
        expectedWidthRate = expected.isEmpty ? nil : Double(expected.count { $0 }) / Double(expected.count)
        structureValidRate = share(results.count { $0.metrics.isStructureValid })
        meanRefutedReturns = mean { Double($0.refutedReturns) }
        meanReusedResults = mean { Double($0.reusedResults) }
        meanWallSeconds = mean { $0.metrics.wallSeconds }
    }
}
