import CBraidKernels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Attention")
struct AttentionTests {
    /// A pool with random keys and values; unused slots hold not-a-numbers.
    struct Scene {
        let shape: braid_kv_shape
        let group: Int
        var pool: [Float]
        /// Per run and slot, what a query meets there.
        var runs: [braid_kv_run] = []
        var keys: [[Float]] = []
        var values: [[Float]] = []
        let rotations = 2

        init(kvHeads: Int, group: Int, dimension: Int, runs lengths: [(first: Int, count: Int)], seed: UInt64) {
            var random = RandomNumbers(seed: seed)
            self.group = group
            shape = braid_kv_shape_make(2, kvHeads, dimension)
            pool = [Float](repeating: .nan, count: (lengths.count + 1) * shape.page_stride)
            for (index, length) in lengths.enumerated() {
                // Pages in reverse order, so that a run's place and its page differ.
                let page = lengths.count - index
                for slot in length.first..<length.first + length.count {
                    let key = random.floats(kvHeads * dimension, range: 2), value = random.floats(kvHeads * dimension)
                    keys.append(key)
                    values.append(value)
                    // Layer 1 of 2.
                    let layer = page * shape.page_stride + shape.layer_stride
                    pool[layer...].withUnsafeMutableBufferPointer { layer in
                        guard let base = layer.baseAddress else { return }
                        withUnsafePointer(to: shape) { Level.all[0].kernels.store(base, $0, slot, key, value) }
                    }
                }
                runs.append(
                    braid_kv_run(
                        page: Int32(page), first: UInt16(length.first), count: UInt16(length.count),
                        rotation: Int32(index % rotations)))
            }
        }

        var heads: Int { shape.kv_heads * group }

        func attend(_ level: Level, _ query: [Float], visible: Int, pieces: [Range<Int>]? = nil) -> [Float] {
            let stride = heads * shape.head_dimension
            var out = [Float](repeating: .nan, count: stride)
            var scratch = [Float](repeating: .nan, count: shape.value_stride)
            pool[shape.layer_stride...].withUnsafeBufferPointer { layer in
                guard let layer = layer.baseAddress else { return }
                withUnsafePointer(to: shape) { shape in
                    for piece in pieces ?? [0..<shape.pointee.kv_heads] {
                        level.kernels.attention(
                            &out, query, stride, layer, shape, group,
                            piece.lowerBound, piece.upperBound, runs, runs.count, visible, 0.3, &scratch)
                    }
                }
            }
            return out
        }

        /// The same in `Double`, all scores at once.
        func exact(_ query: [Float], visible: Int) -> [Double] {
            let d = shape.head_dimension
            let rotation = runs.flatMap { run in (0..<Int(run.count)).map { _ in Int(run.rotation) } }
            return (0..<heads).flatMap { head in
                let scores = (0..<visible).map { slot in
                    (0..<d).reduce(0.0) { sum, i in
                        let q = query[rotation[slot] * heads * d + head * d + i]
                        return sum + Double(q) * Double(keys[slot][head / group * d + i])
                    } * Double(Float(0.3))
                }
                let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
                let sum = weights.reduce(0, +)
                return (0..<d).map { i in
                    zip(weights, values).reduce(0.0) { $0 + $1.0 / sum * Double($1.1[head / group * d + i]) }
                }
            }
        }
    }

    static let shapes: [(kvHeads: Int, group: Int, dimension: Int)] = [
        (1, 1, 2), (2, 3, 10), (1, 5, 24), (4, 1, 64), (2, 2, 80), (1, 2, 130),
    ]

    @Test("agrees with the softmax over everything at once", arguments: Level.all)
    func agreesWithExact(_ level: Level) {
        for (number, shape) in Self.shapes.enumerated() {
            let scene = Scene(
                kvHeads: shape.kvHeads, group: shape.group, dimension: shape.dimension,
                runs: [(0, 16), (0, 16), (3, 7), (15, 1), (9, 5), (0, 4)], seed: UInt64(number))
            var random = RandomNumbers(seed: 9)
            let query = random.floats(scene.rotations * scene.heads * shape.dimension, range: 2)
            for visible in [1, 2, 15, 16, 17, 32, 33, 38, 39, 40, 41, 45, 49] {
                let result = scene.attend(level, query, visible: visible)
                let exact = scene.exact(query, visible: visible)
                // Values lie in -1...1. A score errs by d u |q||k|, which moves its weight by as much.
                let tolerance = 0x1p-24 * (0.3 * 4 * Double(shape.dimension) * Double(shape.dimension) + 100)
                let worst = zip(result, exact).map { abs(Double($0) - $1) }.max() ?? 0
                #expect(worst <= tolerance, "\(shape), \(visible) visible")
                #expect(result.allSatisfy { $0.isFinite })
            }
        }
    }

    @Test("heads have the same bits however they are split", arguments: Level.all)
    func headsDoNotDependOnTheSplit(_ level: Level) {
        let scene = Scene(kvHeads: 4, group: 2, dimension: 20, runs: [(0, 16), (2, 9)], seed: 3)
        var random = RandomNumbers(seed: 10)
        let query = random.floats(scene.rotations * scene.heads * 20)
        let whole = scene.attend(level, query, visible: 25)
        #expect(scene.attend(level, query, visible: 25, pieces: [3..<4, 0..<1, 1..<3]) == whole)
    }

    @Test("very large scores neither overflow nor lose the sum", arguments: Level.all)
    func survivesExtremes(_ level: Level) {
        let scene = Scene(kvHeads: 1, group: 1, dimension: 4, runs: [(0, 16), (0, 16)], seed: 4)
        for size: Float in [1e4, 1e18] {
            let query = [Float](repeating: size, count: scene.rotations * 4)
            let result = scene.attend(level, query, visible: 32)
            let exact = scene.exact(query, visible: 32)
            for (a, b) in zip(result, exact) { #expect(abs(Double(a) - b) < 1e-3) }
        }
    }
}
