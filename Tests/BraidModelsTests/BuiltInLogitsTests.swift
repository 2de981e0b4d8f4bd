import Braid
import BraidModels
import Foundation
import Testing

@testable import BraidInference

@Suite("Logits of the built-in model")
struct BuiltInLogitsTests {
    private struct Expected: Decodable {
        var ids: [TokenID]
        var rows: Int
    }

    /// `scripts/record-model-fixtures` writes the expected values.
    @Test(
        "agree with Hugging Face Transformers in f32 to 1e-4 of their deviation",
        arguments: KernelLevel.allCases.filter(\.isAvailable))
    func transformers(level: KernelLevel) throws {
        let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures")
        let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: fixtures.appendingPathComponent("logits.json")))
        let bytes = try Data(contentsOf: fixtures.appendingPathComponent("logits.f32"))
        let reference = bytes.withUnsafeBytes { raw in
            (0..<bytes.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
            }
        }
        let own = try logits(expected.ids, level: level).suffix(expected.rows).flatMap { $0 }
        try #require(own.count == reference.count)
        let mean = reference.reduce(0, +) / Float(reference.count)
        let deviation = (reference.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(reference.count)).squareRoot()
        let worst = zip(own, reference).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 1e-4 * deviation, "largest difference \(worst), deviation \(deviation)")
    }

    private func logits(_ ids: [TokenID], level: KernelLevel) throws -> [[Float]] {
        let source = try ModelSource(contentsOf: BuiltInModel.puzzles.folder())
        let configuration = source.configuration
        let memory = KVMemory(shape: Transformer.kvShape(of: configuration), pageCount: 64)
        let transformer = Transformer(
            configuration: configuration, weights: try TransformerWeights(source),
            kernels: try #require(level.kernels), pool: try ComputePool(threads: 2), memory: memory, maximumRows: 512)
        var cache = KVCache(pageCount: 64)
        let context = cache.open()
        let reservation = try cache.append(ids.count, to: context)
        var batch = ForwardBatch()
        let rows = batch.append(ids, at: reservation, in: try cache.view(of: context), logits: .all)
        let view = transformer.forward(batch)
        return rows.map { Array(view[$0]) }
    }
}
