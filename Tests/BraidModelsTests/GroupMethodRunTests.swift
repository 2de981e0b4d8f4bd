import Braid
import BraidEvaluation
import BraidInference
import BraidModels
import Testing

/// Real runs of the methods whose lines see each other. The built-in model was not trained for them, so what is checked is
/// the record, not the answers.
@Suite("Hogwild! and Group Think on the built-in model")
struct GroupMethodRunTests {
    private static let tokens = 24

    private static func decoded(_ thread: ReasoningThread) -> Int {
        thread.steps.reduce(0) { sum, step in
            if case .segment(let segment) = step, segment.origin == .model { sum + segment.tokenCount } else { sum }
        }
    }

    private static func origins(_ thread: ReasoningThread) -> [Segment.Origin] {
        thread.steps.compactMap { if case .segment(let segment) = $0 { segment.origin } else { nil } }
    }

    /// What a record of either method may look like.
    private static func check(_ outcome: RunOutcome, workers: Int) throws {
        let root = outcome.trajectory.root
        let forks = root.steps.compactMap { if case .fork(let fork) = $0 { fork } else { nil } }
        #expect(forks.count == 1)
        let fork = try #require(forks.first)
        #expect(fork.outlines.isEmpty)
        #expect(fork.threads.map(\.id) == (1...workers).map { "0.\($0)" })
        let own = origins(root)
        #expect(own == [.prompt] || own == [.prompt, .joined] || own == [.prompt, .joined, .model], "\(own)")
        var longest = 0, sum = 0
        for thread in fork.threads {
            let origins = origins(thread)
            #expect(origins.first == .seed)
            #expect(origins.dropFirst().enumerated().allSatisfy { $1 == ($0.isMultiple(of: 2) ? .model : .inserted) })
            #expect(decoded(thread) <= tokens && decoded(thread) > 0)
            #expect(thread.outcome == .finished || thread.outcome == .tokenLimit)
            #expect(thread.outcome == .finished || decoded(thread) == tokens)
            #expect(!thread.steps.contains { if case .fork = $0 { true } else { false } })
            longest = max(longest, decoded(thread))
            sum += decoded(thread)
        }
        // One step for all lines at once: not the sum of what they drew.
        #expect(outcome.metrics.criticalPathTokens == longest + decoded(root))
        #expect(outcome.metrics.totalTokens == sum + decoded(root))
        #expect(outcome.metrics.threads == workers)
        #expect(outcome.metrics.widestFork == workers)
    }

    @Test("100 problems each: every record is what the method's steps allow", arguments: [true, false])
    func records(isHogwild: Bool) async throws {
        let engine = try EmbeddedEngine(contentsOf: BuiltInModel.puzzles.folder())
        let workers = isHogwild ? 2 : 4
        let budget = try Budget(tokensPerThread: Self.tokens)
        let outcomes = try await withThrowingTaskGroup(of: RunOutcome.self) { group in
            for index in 0..<100 as Range<UInt64> {
                let task = PuzzleTask.allCases[Int(index) % PuzzleTask.allCases.count]
                let problem = Problem.random(task: task, split: .heldOut, seed: 11, index: index)
                let method: any ReasoningMethod =
                    isHogwild
                    ? try HogwildInference(layout: HogwildInference.Layout.allCases[Int(index) % 3]) : try GroupThink()
                group.addTask {
                    try await ReasoningRun.answer(
                        Question(problem.question), by: method, on: engine, budget: budget,
                        sampling: SamplingParameters(temperature: 1), seed: index)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for outcome in outcomes { try Self.check(outcome, workers: workers) }
        let statistics = try await engine.statistics
        #expect(statistics.decodedTokens == outcomes.reduce(0) { $0 + $1.metrics.totalTokens })
        #expect(statistics.openContexts == 0)
        #expect(statistics.usedPages == 0)
    }

    @Test("the critical path is the engine's steps")
    func steps() async throws {
        let options = EmbeddedEngineOptions(keepsPrefixes: false)
        let engine = try EmbeddedEngine(contentsOf: BuiltInModel.puzzles.folder(), options: options)
        var steps: [Int] = [], paths: [Int] = []
        for tokens in [1, 20] {
            let before = try await engine.statistics.steps
            let outcome = try await ReasoningRun.answer(
                "Add 12 and 30.", by: try GroupThink(workers: 3), on: engine,
                budget: try Budget(tokensPerThread: tokens))
            steps.append(try await engine.statistics.steps - before)
            paths.append(outcome.metrics.criticalPathTokens)
        }
        #expect(paths[1] > paths[0])
        #expect(steps[1] - steps[0] == paths[1] - paths[0])
    }
}
