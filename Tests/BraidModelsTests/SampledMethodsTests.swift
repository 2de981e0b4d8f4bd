import Braid
import BraidEvaluation
import BraidInference
import BraidModels
import Testing

@Suite("Sampled methods on the built-in model")
struct SampledMethodsTests {
    @Test("samples are valid, and an exact check finds what a vote misses, never the other way")
    func verifiers() async throws {
        let engine = try EmbeddedEngine(contentsOf: BuiltInModel.puzzlesSequential.folder())
        let sampling = SamplingParameters(temperature: 0.9)
        let check: AnswerCheck = { QuestionCheck.verify($0, for: $1.text) }
        let entries: [(String, any ReasoningMethod)] = [
            ("vote", try SelfConsistency(samples: 4)), ("exact", try BestOfN(samples: 4, verifier: .exact(check))),
            ("likeliest", try BestOfN(samples: 4, verifier: .logProbability)),
            ("waiting", Sequential(forcing: try BudgetForcing(extensions: 1))),
        ]
        let rows = try await Benchmark(
            tasks: [.sums, .equations, .countdown3], count: 34, seed: 11, concurrency: 16
        ).run(entries.map { .init(label: $0.0, method: $0.1, engine: engine, sampling: sampling) })
        #expect(rows.count == 12)
        for row in rows where row.method != "waiting" {
            #expect(row.structureValidRate == 1, "\(row.method) \(row.task)")
        }
        let accuracies = Dictionary(uniqueKeysWithValues: rows.map { ("\($0.task) \($0.method)", $0.accuracy) })
        for task in [PuzzleTask.sums, .equations, .countdown3] {
            // The same seed draws the same samples for both.
            let (vote, exact) = (accuracies["\(task) vote"] ?? 1, accuracies["\(task) exact"] ?? 0)
            #expect(exact >= vote, "\(task)")
            #expect(vote > 0.3, "\(task)")
        }
        print(BenchmarkTable(rows).text)
    }
}
