import CBraidKernels
import Testing

@Suite("Quantised weights")
struct QuantizationTests {
    @Test("a weight differs from its original by at most half a step of its block")
    func errorIsSmall() {
        var random = RandomNumbers(seed: 1)
        for type in [Int(BRAID_WEIGHT_Q8), Int(BRAID_WEIGHT_Q4)] {
            for range: Float in [1e-3, 1, 100] {
                let values = random.floats(20 * 96, range: range)
                let weights = Weights(values, rows: 20, columns: 96, type: type)
                for start in stride(from: 0, to: values.count, by: 32) {
                    let block = values[start..<start + 32]
                    let largest = block.lazy.map(abs).max() ?? 0
                    // The end of the 4-bit range that has no 8 is a whole step away; the scale is rounded to f16, whose least step
                    // is 2^-24.
                    let step = type == BRAID_WEIGHT_Q8 ? largest / 127 / 2 : largest / 8
                    for index in block.indices {
                        #expect(
                            abs(weights.values[index] - values[index]) <= step * 1.01 + largest / 1024 + 128 * 0x1p-25)
                    }
                }
            }
        }
    }

    @Test("blocks are read as GGUF lays them out")
    func readsBlocks() {
        // Scale 0.5 as f16, then the integers.
        let integers = (0..<32).map { Int8(truncatingIfNeeded: 9 * $0 - 128) }
        let q8 = Weights(
            blocks: [0x00, 0x38] + integers.map { UInt8(bitPattern: $0) }, rows: 1, columns: 32,
            type: Int32(BRAID_WEIGHT_Q8))
        #expect(q8.values == integers.map { Float($0) / 2 })

        let low = (0..<16).map { UInt8($0) }, high = (0..<16).map { UInt8((5 * $0 + 3) % 16) }
        let q4 = Weights(
            blocks: [0x00, 0xB8] + zip(low, high).map { $0 | $1 << 4 }, rows: 1, columns: 32,
            type: Int32(BRAID_WEIGHT_Q4))
        #expect(q4.values == (low + high).map { (Float($0) - 8) / -2 })
    }

    @Test("every half is widened and every scale narrowed exactly")
    func halves() {
        for bits in UInt16.min...UInt16.max {
            let blocks = [UInt8(bits & 255), UInt8(bits >> 8)] + [UInt8](repeating: 1, count: 32)
            let value = Weights(blocks: blocks, rows: 1, columns: 32, type: Int32(BRAID_WEIGHT_Q8)).values[0]
            let exponent = Int(bits >> 10 & 31), fraction = Float(bits & 1023)
            var expected: Float =
                switch exponent {
                case 0: fraction * 0x1p-24
                case 31: fraction == 0 ? .infinity : .nan
                default: Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
                }
            if bits & 0x8000 != 0 { expected = -expected }
            #expect(value == expected || (value.isNaN && expected.isNaN))
            guard expected.isFinite, expected > 1e-30 else { continue }
            // A block whose largest number is 127 of these gets this scale.
            var block = [UInt8](repeating: 0, count: 34)
            braid_quantize(&block, [Float](repeating: 127 * expected, count: 32), 32, Int32(BRAID_WEIGHT_Q8))
            #expect(UInt16(block[0]) | UInt16(block[1]) << 8 == bits)
        }
    }

    @Test("numbers that are none quantise to a block that is none, and zeros to zeros")
    func unusualWeights() {
        for type in [Int(BRAID_WEIGHT_Q8), Int(BRAID_WEIGHT_Q4)] {
            #expect(
                Weights([Float](repeating: 0, count: 32), rows: 1, columns: 32, type: type).values
                    == Array(repeating: 0, count: 32))
            for bad: Float in [.nan, .infinity, -.infinity, 1e38] {
                var values = [Float](repeating: 1, count: 32)
                values[7] = bad
                #expect(!Weights(values, rows: 1, columns: 32, type: type).values[7].isFinite)
            }
        }
    }
}
