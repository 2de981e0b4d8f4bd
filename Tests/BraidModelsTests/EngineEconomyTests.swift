import Braid
import BraidEvaluation
import BraidInference
import BraidModels
import Foundation
import Testing

/// What the engine saves itself (prefixes read before, joins prefilled ahead, guessed tokens) and what it does without
/// (memory) must not be seen in any answer.
@Suite("Economies of the engine on the built-in model")
struct EngineEconomyTests {
    /// Ignores every hint.
    struct Plain: Engine {
        let engine: EmbeddedEngine
        var description: EngineDescription { engine.description }
        func open(_ prompt: TokenText) async throws -> any EngineContext {
            Context(context: try await engine.open(prompt))
        }

        struct Context: EngineContext {
            let context: any EngineContext
            var tokenCount: Int { get async { await context.tokenCount } }
            func extend(_ text: TokenText) async throws -> Int { try await context.extend(text) }
            func decode(_ options: DecodingOptions) -> DecodedTokens { context.decode(options) }
            func fork(_ count: Int) async throws -> [any EngineContext] {
                try await context.fork(count).map(Context.init)
            }
            func join(_ threads: [any EngineContext], as form: JoinForm) async throws {
                try await context.join(threads.compactMap { ($0 as? Context)?.context }, as: form)
            }
            func score(_ text: TokenText) async throws -> [LogProbability] { try await context.score(text) }
            func close() async { await context.close() }
        }
    }

    private struct Told: Hashable {
        var answer: Answer
        var tokens: [TokenID]
        var values: [Float]
        var figures: [Int]

        init(_ outcome: RunOutcome) {
            answer = outcome.answer
            (tokens, values) = ([], [])
            figures = [outcome.metrics.totalTokens, outcome.metrics.criticalPathTokens, outcome.metrics.threads]
            add(outcome.trajectory.root)
        }

        private mutating func add(_ thread: ReasoningThread) {
            for step in thread.steps {
                switch step {
                case .segment(let segment):
                    tokens += segment.tokens ?? []
                    values += segment.logProbabilities ?? []
                    figures.append(segment.tokenCount)
                case .fork(let fork): for thread in fork.threads { add(thread) }
                }
            }
        }
    }

    private func run(
        _ engine: any Engine, _ sampling: SamplingParameters, concurrency: Int
    ) async throws -> [Told] {
        var problems: [Problem] = []
        for task in [PuzzleTask.countdown4, .equations, .multiplication] {
            problems += (0..<8).map { Problem.random(task: task, split: .heldOut, seed: 9, index: $0) }
        }
        var told: [Told] = []
        for start in stride(from: 0, to: problems.count, by: concurrency) {
            told += try await withThrowingTaskGroup(of: (Int, Told).self) { group in
                for index in start..<min(problems.count, start + concurrency) {
                    let question = Question(problems[index].question)
                    group.addTask {
                        let outcome = try await ReasoningRun.answer(
                            question, by: Adaptive(), on: engine, sampling: sampling, seed: UInt64(index))
                        return (index, Told(outcome))
                    }
                }
                return try await group.reduce(into: [Int: Told]()) { $0[$1.0] = $1.1 }
            }.sorted { $0.key < $1.key }.map(\.value)
        }
        return told
    }

    @Test("no answer, no token and no probability changes", arguments: [0, 0.8])
    func changeNothing(temperature: Double) async throws {
        let folder = try BuiltInModel.puzzles.folder()
        let sampling = SamplingParameters(temperature: temperature)
        let clock = ContinuousClock()
        let plain = try EmbeddedEngine(
            contentsOf: folder, options: EmbeddedEngineOptions(keepsPrefixes: false, speculates: false))
        var expected: [Told] = []
        let plainTime = try await clock.measure {
            expected = try await run(Plain(engine: plain), sampling, concurrency: 1)
        }
        let usual = try EmbeddedEngine(contentsOf: folder, options: EmbeddedEngineOptions(speculates: true))
        var told: [Told] = []
        let usualTime = try await clock.measure {
            told = try await run(usual, sampling, concurrency: 1)
        }
        #expect(told == expected)
        // Again: everything has been read before.
        let before = try await usual.statistics
        #expect(try await run(usual, sampling, concurrency: 24) == expected)
        let after = try await usual.statistics
        #expect(after.cachedTokens > before.cachedTokens)
        #expect(after.warmedTokens > 0)
        #expect(after.usedPages == 0)

        // 130 pages for 24 questions at once.
        let least = try EmbeddedEngine(
            contentsOf: folder, options: EmbeddedEngineOptions(cacheBytes: 130 * 131_072, speculates: true))
        #expect(least.description.contextLength == 2048)
        #expect(try await run(least, sampling, concurrency: 24) == expected)
        let scarce = try await least.statistics
        #expect(scarce.preemptedContexts > 0)
        #expect(scarce.usedPages == 0)
        print(
            "temperature \(temperature): plain \(plainTime) in \(try await plain.statistics.steps) steps, usual "
                + "\(usualTime) in \(before.steps) steps, drafted \(before.draftedTokens), accepted "
                + "\(before.acceptedTokens), warmed \(before.warmedTokens), cached \(before.cachedTokens) of "
                + "\(before.promptTokens); with 130 pages: preempted \(scarce.preemptedContexts), recomputed "
                + "\(scarce.recomputedTokens), evicted \(scarce.evictedPages)")
    }
}
