import CBraidKernels
import Testing

@Suite("Matrix product")
struct MatmulTests {
    static let types = [BRAID_WEIGHT_F32, BRAID_WEIGHT_BF16].map { Int($0) }

    /// y = x W^T by a level.
    static func product(
        _ level: Level, _ x: [Float], rows: Int, _ weights: Weights, outputs: Int, columns: Int,
        pieces: [Range<Int>]? = nil, bias: [Float]? = nil, onto old: [Float]? = nil
    ) -> [Float] {
        let kernels = level.kernels
        var packed = [Float](repeating: .nan, count: rows * braid_packed_columns(columns))
        var y = old ?? [Float](repeating: .nan, count: rows * outputs)
        kernels.pack(&packed, x, rows, columns, weights.type)
        weights.withMatrix(outputs, columns) { matrix in
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

    /// In `Double`, with the bound that the header promises for the f32 kernels.
    static func exact(
        _ x: [Float], rows: Int, _ w: [Float], outputs: Int, columns: Int
    ) -> [(value: Double, bound: Double)] {
        (0..<rows * outputs).map { index in
            let (r, o) = index.quotientAndRemainder(dividingBy: outputs)
            var sum = 0.0, size = 0.0
            for i in 0..<columns {
                let product = Double(x[r * columns + i]) * Double(w[o * columns + i])
                sum += product
                size += abs(product)
            }
            return (sum, 2 * (Double(columns) / 16 + 6) * 0x1p-24 * size + 1e-37)
        }
    }

    @Test("every level keeps the promised error bound over shapes", arguments: Level.all, types)
    func staysWithinItsBound(_ level: Level, _ type: Int) {
        var random = RandomNumbers(seed: 1)
        for columns in [0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 95, 96, 100, 256, 704] {
            for outputs in [1, 2, 3, 4, 5, 7, 8, 9, 16, 33] {
                for rows in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13] {
                    let x = random.floats(rows * columns)
                    let weights = Weights(
                        random.floats(outputs * columns), type: type, misaligned: (rows + outputs) % 2 == 1)
                    let y = Self.product(level, x, rows: rows, weights, outputs: outputs, columns: columns)
                    let expected = Self.exact(x, rows: rows, weights.values, outputs: outputs, columns: columns)
                    let wrong = zip(y, expected).first { !(abs(Double($0) - $1.value) <= $1.bound) }
                    #expect(wrong == nil, "\(rows) rows, \(outputs) outputs, \(columns) columns")
                }
            }
        }
    }

    @Test("a row has the same bits alone, in any batch, and in any split of the outputs", arguments: Level.all, types)
    func rowsDoNotDependOnTheirBatch(_ level: Level, _ type: Int) {
        var random = RandomNumbers(seed: 2)
        for columns in [20, 64, 100, 256] {
            let outputs = 61, rows = 33
            let x = random.floats(rows * columns)
            let weights = Weights(random.floats(outputs * columns), type: type)
            let alone = (0..<rows).flatMap { row in
                Self.product(
                    level, Array(x[row * columns..<(row + 1) * columns]), rows: 1, weights, outputs: outputs,
                    columns: columns)
            }
            for count in 1...rows {
                let together = Self.product(
                    level, Array(x[..<(count * columns)]), rows: count, weights, outputs: outputs, columns: columns)
                #expect(together == Array(alone[..<(count * outputs)]), "\(count) rows")
            }
            for cut in 0...outputs {
                let split = Self.product(
                    level, x, rows: rows, weights, outputs: outputs, columns: columns,
                    pieces: [cut..<outputs, 0..<cut])
                #expect(split == alone, "split at \(cut)")
            }
        }
    }

    @Test("bias and accumulation", arguments: Level.all, types)
    func addsBiasAndOldValue(_ level: Level, _ type: Int) {
        var random = RandomNumbers(seed: 3)
        let rows = 5, outputs = 11, columns = 40
        let x = random.floats(rows * columns), bias = random.floats(outputs), old = random.floats(rows * outputs)
        let weights = Weights(random.floats(outputs * columns), type: type)
        let plain = Self.product(level, x, rows: rows, weights, outputs: outputs, columns: columns)
        let full = Self.product(
            level, x, rows: rows, weights, outputs: outputs, columns: columns, bias: bias, onto: old)
        for index in full.indices {
            #expect(full[index] == old[index] + (plain[index] + bias[index % outputs]))
        }
    }

    @Test("vector levels give the same bits", arguments: types)
    func vectorLevelsAgree(_ type: Int) {
        var random = RandomNumbers(seed: 4)
        for (rows, outputs, columns) in [(1, 9, 33), (7, 30, 100), (16, 64, 256)] {
            let x = random.floats(rows * columns)
            let weights = Weights(random.floats(outputs * columns), type: type)
            let results = Level.vector.map {
                Self.product($0, x, rows: rows, weights, outputs: outputs, columns: columns)
            }
            for result in results { #expect(result == results.first) }
        }
    }
}
