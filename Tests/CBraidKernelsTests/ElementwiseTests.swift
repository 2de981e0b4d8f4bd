import CBraidKernels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Elementwise kernels")
struct ElementwiseTests {
    static let counts = [1, 2, 15, 16, 17, 31, 32, 33, 100, 256]

    @Test("root-mean-square norm", arguments: Level.all)
    func norm(_ level: Level) {
        var random = RandomNumbers(seed: 1)
        for count in Self.counts {
            let rows = 3
            let x = random.floats(rows * count, range: 5), weight = random.floats(count)
            var y = [Float](repeating: .nan, count: rows * count)
            level.kernels.rms_norm(&y, x, weight, rows, count, 1e-5)
            for row in 0..<rows {
                let part = x[row * count..<(row + 1) * count].map(Double.init)
                let mean = part.reduce(0) { $0 + $1 * $1 } / Double(count)
                for i in 0..<count {
                    let expected = part[i] / (mean + Double(Float(1e-5))).squareRoot() * Double(weight[i])
                    // Half the relative error of a sum of squares, a root, a division and two products.
                    let tolerance = (Double(count) / 16 + 12) * 0x1p-24 * abs(expected)
                    #expect(abs(Double(y[row * count + i]) - expected) <= tolerance + (level.number == 0 ? 1e-5 : 0))
                }
            }
        }
    }

    @Test("rotary embedding turns pairs half a head apart", arguments: Level.all)
    func rotate(_ level: Level) {
        var random = RandomNumbers(seed: 2)
        for dimension in [2, 10, 24, 32, 64, 66, 128] {
            let heads = 3, half = dimension / 2
            let x = random.floats(heads * dimension), angles = random.floats(half, range: 3)
            let cosine = angles.map { cosf($0) }, sine = angles.map { sinf($0) }
            var y = x
            level.kernels.rotate(&y, cosine, sine, heads, dimension)
            for head in 0..<heads {
                for i in 0..<half {
                    let a = Double(x[head * dimension + i]), b = Double(x[head * dimension + half + i])
                    let c = Double(cosine[i]), s = Double(sine[i])
                    #expect(abs(Double(y[head * dimension + i]) - (a * c - b * s)) < 4 * 0x1p-24)
                    #expect(abs(Double(y[head * dimension + half + i]) - (b * c + a * s)) < 4 * 0x1p-24)
                }
            }
        }
    }

    @Test("SwiGLU, also in place and at extremes", arguments: Level.all)
    func swiglu(_ level: Level) {
        var random = RandomNumbers(seed: 3)
        for count in Self.counts {
            var gate = random.floats(count, range: 12), up = random.floats(count, range: 2)
            gate[0] = count % 2 == 0 ? 500 : -500
            let expected = zip(gate, up).map { Double($0) / (1 + exp(-Double($0))) * Double($1) }
            level.kernels.swiglu(&gate, gate, up, count)
            for (value, exact) in zip(gate, expected) {
                #expect(abs(Double(value) - exact) <= 8 * 0x1p-24 * abs(exact) + 1e-30)
            }
            up[0] = 0
        }
    }

    @Test("argmax takes the first of equals and never a not-a-number", arguments: Level.all)
    func argmax(_ level: Level) {
        var random = RandomNumbers(seed: 4)
        for count in Self.counts {
            for _ in 0..<20 {
                // Few different values, so that there are equals.
                var x = (0..<count).map { _ in Float(Int.random(in: -3...3, using: &random)) }
                if count > 3 { x[Int.random(in: 0..<count, using: &random)] = .nan }
                if Bool.random(using: &random) { x[Int.random(in: 0..<count, using: &random)] = -.infinity }
                let numbers = x.enumerated().filter { !$0.element.isNaN }
                let best = numbers.map(\.element).max()
                let expected = numbers.first { $0.element == best }?.offset ?? 0
                #expect(level.kernels.argmax(x, count) == expected)
            }
        }
        #expect(level.kernels.argmax([], 0) == 0)
        let nothing = [Float](repeating: .nan, count: 40)
        #expect(level.kernels.argmax(nothing, 40) == 0)
    }

    @Test("exponentials and their sum", arguments: Level.all)
    func exponentials(_ level: Level) {
        var random = RandomNumbers(seed: 5)
        for count in Self.counts {
            var x = random.floats(count, range: 30)
            if count > 2 {
                x[0] = -.infinity
                x[1] = -200
            }
            let top = x.max()!
            var out = [Float](repeating: .nan, count: count)
            let sum = level.kernels.exponentiate(&out, x, count, top, 0.7)
            let expected = x.map { exp(Double(($0 - top) * 0.7)) }
            for (value, exact) in zip(out, expected) {
                #expect(abs(Double(value) - exact) <= 4 * 0x1p-24 * exact + 1.2e-38)
            }
            let total = expected.reduce(0, +)
            #expect(abs(Double(sum) - total) <= (Double(count) + 8) * 0x1p-24 * total)
            let normaliser = level.kernels.log_sum_exp(x, count, top)
            let exact = Double(top) + log(x.map { exp(Double($0 - top)) }.reduce(0, +))
            #expect(abs(Double(normaliser) - exact) <= 1e-5 * max(1, abs(exact)))
        }
    }

    @Test("not-a-numbers are passed on, not hidden", arguments: Level.all)
    func notANumber(_ level: Level) {
        var x = [Float](repeating: 1, count: 40)
        x[33] = .nan
        #expect(!level.kernels.log_sum_exp(x, 40, 1).isFinite)
    }

    @Test("widening is exact", arguments: Level.all)
    func widen(_ level: Level) {
        let values: [Float] = [0, -0, 1, -1.5, 3e38, 0x1p-126, .infinity]
        for type in [BRAID_WEIGHT_F32, BRAID_WEIGHT_BF16] {
            let matrix = values + values.reversed() + values
            let weights = Weights(matrix, rows: 3, columns: values.count, type: Int(type), misaligned: true)
            for row in 0..<3 {
                var x = [Float](repeating: .nan, count: values.count)
                weights.withMatrix { level.kernels.widen(&x, $0, row) }
                let expected = matrix[row * values.count..<(row + 1) * values.count].map {
                    type == BRAID_WEIGHT_F32 ? $0.bitPattern : $0.bitPattern & 0xFFFF_0000
                }
                #expect(x.map(\.bitPattern) == expected)
            }
        }
    }

    @Test("unknown levels have no kernels and no name")
    func unknownLevels() {
        #expect(braid_kernels_for(-1) == nil)
        #expect(braid_kernels_for(99) == nil)
        #expect(String(cString: braid_level_name(99)) == "unknown")
        #expect(braid_kernels_for(braid_best_level()) != nil)
    }
}
