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
    struct Result: Sendable, Codable {
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
    /// - Parameters:
    ///   - records: Where results are kept; problems whose results it has are not run again.
    ///   - progress: called with each row as it is done.
    /// - Throws: what an engine throws, since a benchmark with a broken engine has no figures; ``BenchmarkRecordsError``.
    public func run(
        _ entries: [Entry], records: BenchmarkRecords? = nil, progress: (BenchmarkRow) -> Void = { _ in }
    ) async throws -> [BenchmarkRow] {
        var rows: [BenchmarkRow] = []
        for task in tasks {
            let problems = (0..<UInt64(count)).map {
                Problem.random(task: task, split: .heldOut, seed: seed, index: $0)
            }
            for entry in entries {
                let results = try await results(of: entry, on: task, problems, records)
                let row = BenchmarkRow(method: entry.label, task: task, results: results)
                progress(row)
                rows.append(row)
            }
        }
        return rows
    }

    /// Results in the order of the problems, so that sums do not depend on who was done first.
    private func results(
        of entry: Entry, on task: PuzzleTask, _ problems: [Problem], _ records: BenchmarkRecords?
    ) async throws -> [Result] {
        let known = await records?.results(of: entry.label, on: task) ?? [:]
        return try await withThrowingTaskGroup(of: (problem: Int, result: Result).self) { group in
            var results = problems.indices.map { known[$0] }
            func take(_ done: (problem: Int, result: Result)) async throws {
                results[done.problem] = done.result
                try await records?.keep(done.result, of: entry.label, on: task, problem: done.problem)
            }
            var underWay = 0
            for (index, problem) in problems.enumerated() where known[index] == nil {
                if underWay >= max(1, concurrency), let done = try await group.next() {
                    try await take(done)
                    underWay -= 1
                }
                underWay += 1
                group.addTask { (index, try await result(of: entry, on: problem, index: index)) }
            }
            while let done = try await group.next() { try await take(done) }
            return results.compactMap(\.self)
        }
    }

    private func result(of entry: Entry, on problem: Problem, index: Int) async throws -> Result {
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
