import CBraidKernels
import Testing

@testable import BraidInference

@Suite("Quantised and rounded weights")
struct QuantizedTransformerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let plan: WeightPlan
        /// Largest root mean square difference from exact logits, in standard deviations of these.
        let bound: Double

        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "bf16", plan: WeightPlan(quantization: .none, roundsActivations: true), bound: 0.01),
        Case(name: "q8", plan: WeightPlan(quantization: .q8, roundsActivations: false), bound: 0.05),
        Case(name: "q4", plan: WeightPlan(quantization: .q4, roundsActivations: false), bound: 0.5),
    ]

    private func logits(
        _ plan: WeightPlan, level: KernelLevel = .best, threads: Int = 2, chunk: Int = 64
    ) throws -> [[Float]] {
        let configuration = try RandomModel.configuration(layers: 3, vocabulary: 512)
        let cached = try CachedTransformer(
            configuration: configuration, weights: RandomModel.weights(configuration, plan: plan), level: level,
            threads: threads)
        let tokens = (0..<48).map { Int32($0 * 37 % 512) }
        return try cached.extend(cached.cache.open(), tokens, chunk: chunk)
    }

    @Test("logits are close to exact ones", arguments: cases)
    func staysClose(_ test: Case) throws {
        let exact = try logits(.exact).joined().map(Double.init)
        let mean = exact.reduce(0, +) / Double(exact.count)
        let variance = exact.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(exact.count)
        let actual = try logits(test.plan).joined()
        #expect(actual.count == exact.count)
        let error = zip(actual, exact).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        let relative = (error / Double(exact.count) / variance).squareRoot()
        #expect(relative <= test.bound, "\(relative) standard deviations")
        #expect(relative > 0, "the plan had no effect")
    }

    @Test("the same bits on one thread and two, and whatever the chunks", arguments: cases)
    func batchesDoNotMatter(_ test: Case) throws {
        let expected = try logits(test.plan, threads: 1)
        for chunk in [1, 5, 17] { #expect(try logits(test.plan, threads: 2, chunk: chunk) == expected) }
    }

    @Test("a plan rounds activations only of large models, and quantises only whole blocks")
    func plans() throws {
        let kernels = try #require(KernelLevel.best.kernels)
        let small = try RandomModel.configuration()
        #expect(!WeightPlan(small, quantization: .none, kernels: kernels).roundsActivations)
        let bytes = AlignedBytes(copying: UnsafeRawBufferPointer(start: nil, count: 0))
        func kind(_ columns: Int, _ type: TensorElementType, _ plan: WeightPlan) -> WeightKind {
            plan.kind(of: TensorView(elementType: type, shape: [0, columns], bytes: bytes.bytes, owner: bytes))
        }
        let q8 = WeightPlan(quantization: .q8, roundsActivations: true)
        #expect(kind(64, .bfloat16, q8) == .q8 && kind(64, .float16, q8) == .q8)
        #expect(kind(65, .bfloat16, q8) == .bfloat16Rounded && kind(65, .float16, q8) == .float32)
        #expect(kind(64, .bfloat16, .exact) == .bfloat16 && kind(64, .float32, .exact) == .float32)
    }

    @Test("blocks of a file are taken as they are")
    func takesBlocks() throws {
        // Two rows of one block: scale 1 and -2 as f16, integers 0...31 and 1...32.
        let rows: [[UInt8]] = [[0x00, 0x3C] + (0..<32).map { UInt8($0) }, [0x00, 0xC0] + (1...32).map { UInt8($0) }]
        let kernels = try #require(KernelLevel.best.kernels)
        let bytes = Array(rows.joined()).withUnsafeBytes { AlignedBytes(copying: $0) }
        let tensor = TensorView(elementType: .q8_0, shape: [2, 32], bytes: bytes.bytes, owner: bytes)
        let plan = WeightPlan(quantization: .none, roundsActivations: false)
        #expect(plan.kind(of: tensor) == .q8 && WeightPlan.exact.kind(of: tensor) == .float32)
        let matrix = WeightMatrix(tensor, as: .q8, in: WeightArena())
        var x = [Float](repeating: 0, count: 32)
        withUnsafePointer(to: matrix.matrix) { kernels.widen(&x, $0, 1) }
        #expect(x == (1...32).map { Float(-2 * $0) })
    }
}
