import CBraidKernels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Attention")
struct AttentionTests {
    static let types = [BRAID_CACHE_F32, BRAID_CACHE_F16, BRAID_CACHE_INT8].map { Int32($0) }

    /// A pool with random keys and values; unused slots hold not-a-numbers.
    struct Scene {
        let shape: braid_kv_shape
        let group: Int
        var pool: [UInt8]
        /// Per run and slot, what a query meets there.
        var runs: [braid_kv_run] = []
        var keys: [[Float]] = []
        var values: [[Float]] = []
        let rotations = 2

        init(
            type: Int32 = Int32(BRAID_CACHE_F32), kvHeads: Int, group: Int, dimension: Int,
            runs lengths: [(first: Int, count: Int)], seed: UInt64
        ) {
            var random = RandomNumbers(seed: seed)
            self.group = group
            shape = braid_kv_shape_make(2, kvHeads, dimension, type)
            // All ones: not-a-numbers as f32 and as f16.
            pool = [UInt8](repeating: 0xFF, count: (lengths.count + 1) * shape.page_stride)
            for (index, length) in lengths.enumerated() {
                // Pages in reverse order, so that a run's place and its page differ.
                let page = lengths.count - index
                for slot in length.first..<length.first + length.count {
                    let key = random.floats(kvHeads * dimension, range: 2), value = random.floats(kvHeads * dimension)
                    // Layer 1 of 2.
                    let layer = page * shape.page_stride + shape.layer_stride
                    pool[layer...].withUnsafeMutableBufferPointer { layer in
                        guard let base = layer.baseAddress else { return }
                        withUnsafePointer(to: shape) { Level.all[0].kernels.store(base, $0, slot, key, value) }
                    }
                    keys.append(Self.kept(key, shape))
                    values.append(Self.kept(value, shape))
                }
                runs.append(
                    braid_kv_run(
                        page: Int32(page), first: UInt16(length.first), count: UInt16(length.count),
                        rotation: Int32(index % rotations)))
            }
        }

        /// What the cache keeps of a position's numbers, by its definition.
        static func kept(_ x: [Float], _ shape: braid_kv_shape) -> [Float] {
            switch Int(shape.type) {
            case Int(BRAID_CACHE_F16): return x.map { Float(Float16(max(-65504, min(65504, $0)))) }
            case Int(BRAID_CACHE_INT8):
                return stride(from: 0, to: x.count, by: shape.head_dimension).flatMap { start in
                    let head = x[start..<start + shape.head_dimension]
                    let most = head.map(abs).max() ?? 0
                    return head.map { most == 0 ? 0 : ($0 * (127 / most)).rounded(.toNearestOrEven) * (most / 127) }
                }
            default: return x
            }
        }

        var heads: Int { shape.kv_heads * group }
        var width: Int { heads * shape.head_dimension }

        /// Rows of queries over the runs: `cuts` say at which runs a new span begins, `visible` has one number per row.
        /// The queries of row `r` are [rotations, width] from `r * rotations * width`.
        func attend(
            _ level: Level, _ query: [Float], visible: [Int], cuts: [Int] = [], kvHeads: [Int]? = nil
        ) -> [Float] {
            var out = [Float](repeating: .nan, count: visible.count * width)
            let floats = withUnsafePointer(to: shape) { braid_attention_scratch($0, visible.count * group) }
            var scratch = [Float](repeating: .nan, count: floats)
            // Rows are listed backwards, so that a row's place and its output differ.
            let rows = visible.indices.reversed().map {
                braid_attention_row(query: Int32($0 * rotations), output: Int32($0), visible: Int32(visible[$0]))
            }
            let bounds = [0] + cuts + [runs.count]
            let spans = zip(bounds, bounds.dropFirst()).map { start, end in
                braid_attention_span(
                    first_row: 0, row_count: Int32(rows.count), first_run: Int32(start), run_count: Int32(end - start),
                    before: Int32(runs[..<start].reduce(0) { $0 + Int($1.count) }))
            }
            pool[shape.layer_stride...].withUnsafeBufferPointer { layer in
                guard let layer = layer.baseAddress else { return }
                rows.withUnsafeBufferPointer { rows in
                    spans.withUnsafeBufferPointer { spans in
                        runs.withUnsafeBufferPointer { runs in
                            guard let rowBase = rows.baseAddress, let spanBase = spans.baseAddress,
                                let runBase = runs.baseAddress
                            else { return }
                            var plan = braid_attention_plan(
                                rows: rowBase, row_count: rows.count, spans: spanBase, span_count: spans.count,
                                runs: runBase)
                            withUnsafePointer(to: shape) { shape in
                                for head in kvHeads ?? Array(0..<shape.pointee.kv_heads) {
                                    level.kernels.attention(
                                        &out, query, layer, shape, group, head, &plan, 0.3, &scratch)
                                }
                            }
                        }
                    }
                }
            }
            return out
        }

        /// One row over what it sees.
        func attend(_ level: Level, _ query: [Float], visible: Int, kvHeads: [Int]? = nil) -> [Float] {
            attend(level, query, visible: [visible], kvHeads: kvHeads)
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
    static let lengths = [(0, 16), (0, 16), (3, 7), (15, 1), (9, 5), (0, 4)]

    @Test("agrees with the softmax over everything at once", arguments: Level.all, types)
    func agreesWithExact(_ level: Level, _ type: Int32) {
        for (number, shape) in Self.shapes.enumerated() {
            let scene = Scene(
                type: type, kvHeads: shape.kvHeads, group: shape.group, dimension: shape.dimension, runs: Self.lengths,
                seed: UInt64(number))
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

    @Test("a row has the same bits alone and among others, however the runs are cut", arguments: Level.all, types)
    func rowsDoNotDependOnTheirGroup(_ level: Level, _ type: Int32) {
        for (number, shape) in Self.shapes.enumerated() {
            let scene = Scene(
                type: type, kvHeads: shape.kvHeads, group: shape.group, dimension: shape.dimension, runs: Self.lengths,
                seed: UInt64(number))
            var random = RandomNumbers(seed: 11)
            let size = scene.rotations * scene.width
            for count in [1, 2, 3, 5, 8, 13] {
                // Scores far apart, so that what is subtracted from them changes on the way.
                let query = random.floats(count * size, range: 30)
                let visible = (0..<count).map { _ in Int.random(in: 1...49, using: &random) }
                let alone = (0..<count).flatMap { row in
                    scene.attend(level, Array(query[row * size..<(row + 1) * size]), visible: visible[row])
                }
                for cuts in [[], [1], [2, 4], [1, 2, 3, 4, 5]] {
                    let together = scene.attend(level, query, visible: visible, cuts: cuts)
                    #expect(
                        together.map(\.bitPattern) == alone.map(\.bitPattern), "\(shape), \(count) rows, cut at \(cuts)"
                    )
                }
            }
        }
    }

    @Test("vector levels have the same bits", arguments: types)
    func vectorLevelsAgree(_ type: Int32) {
        for (number, shape) in Self.shapes.enumerated() {
            let scene = Scene(
                type: type, kvHeads: shape.kvHeads, group: shape.group, dimension: shape.dimension, runs: Self.lengths,
                seed: UInt64(number))
            var random = RandomNumbers(seed: 12)
            let query = random.floats(11 * scene.rotations * scene.width, range: 8)
            let visible = (0..<11).map { 3 + 4 * $0 }
            let results = Level.vector.map { scene.attend($0, query, visible: visible).map(\.bitPattern) }
            for result in results.dropFirst() { #expect(result == results[0]) }
        }
    }

    @Test("heads have the same bits in any order", arguments: Level.all)
    func headsDoNotDependOnEachOther(_ level: Level) {
        let scene = Scene(kvHeads: 4, group: 2, dimension: 20, runs: [(0, 16), (2, 9)], seed: 3)
        var random = RandomNumbers(seed: 10)
        let query = random.floats(scene.rotations * scene.heads * 20)
        let whole = scene.attend(level, query, visible: 25)
        #expect(scene.attend(level, query, visible: 25, kvHeads: [3, 0, 1, 2]) == whole)
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
