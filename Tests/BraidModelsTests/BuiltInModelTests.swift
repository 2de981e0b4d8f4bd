import Braid
import BraidEvaluation
import BraidInference
import BraidModels
import Foundation
import Testing

@Suite("The built-in models")
struct BuiltInModelTests {
    @Test("both are found and small enough for the repository")
    func found() throws {
        var bytes = 0
        for model in BuiltInModel.all {
            let folder = try model.folder()
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                let attributes = try FileManager.default.attributesOfItem(
                    atPath: folder.appendingPathComponent(name).path)
                bytes += (attributes[.size] as? NSNumber)?.intValue ?? 0
            }
        }
        #expect(bytes > 1 << 20)
        #expect(bytes <= 32 << 20)
    }

    @Test("structure is valid, forks are as wide as the problem asks, other questions are declined")
    func behaviour() async throws {
        let engine = try EmbeddedEngine(contentsOf: BuiltInModel.puzzles.folder())
        let rows = try await Benchmark(
            tasks: [.equations, .sums, .foreign, .countdown3, .countdown4, .multiplication], count: 40, seed: 7,
            concurrency: 16
        ).run([.init(label: "adaptive", method: Adaptive(), engine: engine)])
        for row in rows {
            #expect(row.structureValidRate == 1, "\(row.task)")
        }
        let byTask = Dictionary(uniqueKeysWithValues: rows.map { ($0.task, $0) })
        #expect((byTask[.equations]?.expectedWidthRate ?? 0) >= 0.9)
        #expect((byTask[.sums]?.expectedWidthRate ?? 0) >= 0.95)
        #expect((byTask[.foreign]?.accuracy ?? 0) >= 0.9)
        #expect((byTask[.countdown4]?.forkRate ?? 0) >= 0.4)
    }

    @Test("same seed, same answer, byte for byte, alone and among 32 other questions")
    func reproducible() async throws {
        let engine = try EmbeddedEngine(contentsOf: BuiltInModel.puzzles.folder())
        let sampling = SamplingParameters(temperature: 1, topP: 0.95)
        let problem = Problem.random(task: .countdown4, split: .heldOut, seed: 5, index: 3)
        let alone = try await ReasoningRun.answer(
            Question(problem.question), by: Adaptive(), on: engine, sampling: sampling, seed: 42)
        let crowded = try await withThrowingTaskGroup(of: RunOutcome?.self) { group in
            for index in 0..<32 as Range<UInt64> {
                let other = Problem.random(task: .countdown4, split: .heldOut, seed: 6, index: index)
                group.addTask {
                    _ = try await ReasoningRun.answer(
                        Question(other.question), by: Adaptive(), on: engine, sampling: sampling, seed: index)
                    return nil
                }
            }
            group.addTask {
                try await ReasoningRun.answer(
                    Question(problem.question), by: Adaptive(), on: engine, sampling: sampling, seed: 42)
            }
            var found: RunOutcome?
            for try await outcome in group { found = outcome ?? found }
            return try #require(found)
        }
        #expect(alone.answer == crowded.answer)
        #expect(alone.trajectory.root.decodedTokens == crowded.trajectory.root.decodedTokens)
    }
}

extension ReasoningThread {
    /// Every token decoded in this line and below it, in the record's order.
    fileprivate var decodedTokens: [TokenID] {
        steps.flatMap { step in
            switch step {
            case .segment(let segment): segment.tokens ?? []
            case .fork(let fork): fork.threads.flatMap(\.decodedTokens)
            }
        }
    }
}
