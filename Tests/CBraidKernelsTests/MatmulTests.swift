import CBraidKernels
import Testing

@Suite("Matrix product")
struct MatmulTests {
    static let types = [
        BRAID_WEIGHT_F32, BRAID_WEIGHT_BF16, BRAID_WEIGHT_BF16_ROUNDED, BRAID_WEIGHT_Q8, BRAID_WEIGHT_Q4,
    ].map { Int($0) }

    static func hasBlocks(_ type: Int) -> Bool { type == BRAID_WEIGHT_Q8 || type == BRAID_WEIGHT_Q4 }

    /// y = x W^T by a level.
    static func product(
        _ level: Level, _ x: [Float], rows: Int, _ weights: Weights, pieces: [Range<Int>]? = nil, bias: [Float]? = nil,
        onto old: [Float]? = nil
    ) -> [Float] {
        let kernels = level.kernels, outputs = weights.rows, columns = weights.columns
        var packed = [UInt32](repeating: .max, count: rows * braid_packed_bytes(columns, weights.type) / 4)
        var y = old ?? [Float](repeating: .nan, count: rows * outputs)
        kernels.pack(&packed, x, rows, columns, weights.type)
        weights.withMatrix { matrix in
            for piece in pieces ?? [0..<outputs] {
                if let bias {
                    bias.withUnsafeBufferPointer {
                        kernels.matmul(
                            &y, outputs, packed, rows, matrix, piece.lowerBound, piece.upperBound, $0.baseAddress,
                            old != nil)
                    }
                } else {
                    kernels.matmul(
                        &y, outputs, packed, rows, matrix, piece.lowerBound, piece.upperBound, nil, old != nil)
                }
            }
        }
        return y
    }

    /// What activations become when they are packed, computed here once more.
    static func packed(_ x: [Float], type: Int) -> [Float] {
        switch type {
        case Int(BRAID_WEIGHT_BF16_ROUNDED):
            return x.map { value in
                let low = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
                let high = Float(bitPattern: (value.bitPattern & 0xFFFF_0000) + 0x1_0000)
                let (down, up) = (abs(value - low), abs(high - value))
                return down < up || (down == up && low.bitPattern & 0x1_0000 == 0) ? low : high
            }
        case Int(BRAID_WEIGHT_Q8), Int(BRAID_WEIGHT_Q4):
            return stride(from: 0, to: x.count, by: 32).flatMap { start -> [Float] in
                let block = x[start..<start + 32]
                let largest = block.lazy.map(abs).max() ?? 0
                guard largest > 1e-30 else { return [Float](repeating: 0, count: 32) }
                return block.map { ($0 * (127 / largest)).rounded(.toNearestOrEven) * (largest / 127) }
            }
        default: return x
        }
    }

    /// In `Double`, with the bound that the header promises.
    static func exact(_ x: [Float], rows: Int, _ weights: Weights) -> [(value: Double, bound: Double)] {
        let columns = weights.columns
        let x = packed(x, type: Int(weights.type)).map(Double.init), w = weights.values.map(Double.init)
        return (0..<rows * weights.rows).map { index in
            let (r, o) = index.quotientAndRemainder(dividingBy: weights.rows)
            var sum = 0.0, size = 0.0
            for i in 0..<columns {
                let product = x[r * columns + i] * w[o * columns + i]
                sum += product
                size += abs(product)
            }
            return (sum, 2 * (Double(columns) / 2 + 6) * 0x1p-24 * size + 1e-37)
        }
    }

    @Test("every table keeps the promised error bound over shapes", arguments: Level.tables, types)
    func staysWithinItsBound(_ level: Level, _ type: Int) {
        var random = RandomNumbers(seed: 1)
        let some = [0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 95, 96, 100, 256]
        for columns in Self.hasBlocks(type) ? [0, 32, 64, 96, 256, 704] : some {
            for outputs in [1, 3, 15, 16, 17, 33] {
                for rows in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13] {
                    let x = random.floats(rows * columns)
                    let weights = Weights(
                        random.floats(outputs * columns), rows: outputs, columns: columns, type: type,
                        misaligned: (rows + outputs) % 2 == 1)
                    let y = Self.product(level, x, rows: rows, weights)
                    let expected = Self.exact(x, rows: rows, weights)
                    let wrong = zip(y, expected).first { !(abs(Double($0) - $1.value) <= $1.bound) }
                    #expect(wrong == nil, "\(rows) rows, \(outputs) outputs, \(columns) columns")
                }
            }
        }
    }

    @Test(
        "a row has the same bits alone, in any batch, and in any split of the outputs", arguments: Level.tables, types)
    func rowsDoNotDependOnTheirBatch(_ level: Level, _ type: Int) {
        var random = RandomNumbers(seed: 2)
        for columns in Self.hasBlocks(type) ? [32, 160] : [20, 64, 100] {
            let outputs = 61, rows = 70
            let x = random.floats(rows * columns)
            let weights = Weights(random.floats(outputs * columns), rows: outputs, columns: columns, type: type)
            let alone = (0..<rows).flatMap { row in
                Self.product(level, Array(x[row * columns..<(row + 1) * columns]), rows: 1, weights)
            }
            for count in 1...rows {
                let together = Self.product(level, Array(x[..<(count * columns)]), rows: count, weights)
                #expect(together == Array(alone[..<(count * outputs)]), "\(count) rows")
            }
            for cut in 0...outputs {
                let split = Self.product(level, x, rows: rows, weights, pieces: [cut..<outputs, 0..<cut])
                #expect(split == alone, "split at \(cut)")
            }
        }
    }

    @Test("bias and accumulation", arguments: Level.tables, types)
    func addsBiasAndOldValue(_ level: Level, _ type: Int) {
        var random = RandomNumbers(seed: 3)
        let rows = 5, outputs = 27, columns = 64
        let x = random.floats(rows * columns), bias = random.floats(outputs), old = random.floats(rows * outputs)
        let weights = Weights(random.floats(outputs * columns), rows: outputs, columns: columns, type: type)
        let plain = Self.product(level, x, rows: rows, weights)
        let pieces = [0..<16, 16..<20, 20..<27]
        let full = Self.product(level, x, rows: rows, weights, pieces: pieces, bias: bias, onto: old)
        for index in full.indices {
            #expect(full[index] == old[index] + (plain[index] + bias[index % outputs]))
        }
    }

    @Test("tables give the same bits; the reference too, but for f32 sums, where it does not fuse", arguments: types)
    func tablesAgree(_ type: Int) {
        var random = RandomNumbers(seed: 4)
        let sameAsReference = Self.hasBlocks(type) || type == BRAID_WEIGHT_BF16_ROUNDED
        for rows in [1, 2, 5, 8, 11, 16, 70] {
            for (outputs, columns) in [(9, 32), (30, 96), (64, 256), (17, 704)] {
                let x = random.floats(rows * columns, range: 3)
                let weights = Weights(random.floats(outputs * columns), rows: outputs, columns: columns, type: type)
                let results = (sameAsReference ? Level.tables : Level.tables.filter { $0.number > 0 }).map {
                    Self.product($0, x, rows: rows, weights)
                }
                for result in results { #expect(result == results.first, "\(rows) rows, \(outputs) x \(columns)") }
            }
        }
    }

    @Test("activations of no size, of one size and of any size, and what is not a number", arguments: Level.tables)
    func unusualActivations(_ level: Level) {
        let columns = 64
        for type in [Int(BRAID_WEIGHT_Q8), Int(BRAID_WEIGHT_Q4)] {
            var random = RandomNumbers(seed: 5)
            let weights = Weights(random.floats(16 * columns), rows: 16, columns: columns, type: type)
            for size: Float in [0, 0x1p-140, 1e-30, 1e-20, 1e20, 1e30] {
                let x = random.floats(columns, range: 1).map { $0 * size }
                let y = Self.product(level, x, rows: 1, weights)
                let expected = Self.exact(x, rows: 1, weights)
                for (value, sum) in zip(y, expected) { #expect(abs(Double(value) - sum.value) <= sum.bound) }
            }
            for bad: Float in [.nan, .infinity, -.infinity] {
                var x = random.floats(columns)
                x[40] = bad
                #expect(Self.product(level, x, rows: 1, weights).allSatisfy { !$0.isFinite })
            }
        }
    }
}
