public import Braid

/// Runs methods on the same held-out problems and compares them.
public struct Benchmark: Sendable {
    /// One contestant.
    public struct Entry: Sendable {
        /// How the table names it.
        public var label: String
        /// How it reasons.
        public var method: any ReasoningMethod
        /// What it runs on.
        public var engine: any Engine
        /// What each run may use up.
        public var budget: Budget
        /// How tokens are drawn.
        public var sampling: SamplingParameters
        /// How runs are steered.
        public var controller: ControllerPolicy

        /// Creates a contestant.
        public init(
            label: String, method: any ReasoningMethod, engine: any Engine, budget: Budget = .standard,
            sampling: SamplingParameters = .greedy, controller: ControllerPolicy = .observing
        ) {
            self.label = label
            self.method = method
            self.engine = engine
            self.budget = budget
            self.sampling = sampling
            self.controller = controller
        }
    }

    /// What came of one problem.
    struct Result: Sendable {
        var isCorrect: Bool
        var metrics: TrajectoryMetrics
        var hasExpectedWidth: Bool?
        /// Returns that a check found false.
        var refutedReturns = 0
        /// Results that came from the cache.
        var reusedResults = 0
    }

    /// The families to run.
    public var tasks: [PuzzleTask]
    /// Problems per family.
    public var count: Int
    /// Decides the problems, and every draw.
    public var seed: UInt64
    /// Runs under way at the same time.
    public var concurrency: Int

    /// Creates a benchmark; problems come from the held-out split only.
    public init(tasks: [PuzzleTask], count: Int, seed: UInt64, concurrency: Int) {
        self.tasks = tasks
        self.count = count
        self.seed = seed
        self.concurrency = concurrency
    }

    /// Runs every entry on every family.
    /// - Parameter progress: called with each row as it is done.
    /// - Throws: what an engine throws; a benchmark with a broken engine has no figures.
    public func run(_ entries: [Entry], progress: (BenchmarkRow) -> Void = { _ in }) async throws -> [BenchmarkRow] {
        var rows: [BenchmarkRow] = []
        for task in tasks {
            let problems = (0..<UInt64(count)).map {
                Problem.random(task: task, split: .heldOut, seed: seed, index: $0)
            }
            for entry in entries {
                let row = BenchmarkRow(
                    method: entry.label, task: task, results: try await results(of: entry, on: problems))
                progress(row)
                rows.append(row)
            }
        }
        return rows
    }

    private func results(of entry: Entry, on problems: [Problem]) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            var results: [Result] = []
            for (index, problem) in problems.enumerated() {
                if index >= max(1, concurrency), let result = try await group.next() { results.append(result) }
                group.addTask {
                    let outcome = try await ReasoningRun.answer(
                        Question(problem.question), by: entry.method, on: entry.engine, budget: entry.budget,
                        sampling: entry.sampling, seed: seed &+ UInt64(index), controller: entry.controller)
                    return Result(
                        isCorrect: outcome.answer.text.map(problem.isCorrect) ?? false, metrics: outcome.metrics,
                        hasExpectedWidth: problem.expectedWidth.map { $0 == outcome.metrics.threads },
                        refutedReturns: outcome.trajectory.decisions.count { $0.action == .refute },
                        reusedResults: outcome.trajectory.decisions.count { $0.action == .reuse })
                }
            }
            for try await result in group { results.append(result) }
            return results
        }
    }
}
