/// Exact widening of block-quantised numbers to f32: the reference for every faster way to use them.
///
/// The layouts are those of ggml, whose types have the same names. A number is computed by the same f32 operations in
/// the same order as there, so the results are equal bit for bit.
enum BlockFormats {
    /// Widens whole blocks of one of the types that are not plain.
    ///
    /// - Parameter bytes: A multiple of `type.blockByteCount` bytes, at any address.
    static func floats(_ bytes: UnsafeRawBufferPointer, type: TensorElementType) -> [Float] {
        let blockCount = bytes.count / type.blockByteCount
        let widen = widening(of: type)
        return [Float](unsafeUninitializedCapacity: blockCount * type.blockElementCount) { buffer, count in
            count = blockCount * type.blockElementCount
            guard let output = buffer.baseAddress else { return }
            for index in 0..<blockCount {
                let first = index * type.blockByteCount
                widen(
                    UnsafeRawBufferPointer(rebasing: bytes[first..<first + type.blockByteCount]),
                    output + index * type.blockElementCount)
            }
        }
    }

    private typealias Widening = (_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) -> Void

    private static func widening(of type: TensorElementType) -> Widening {
        switch type {
        case .q8_0: q8_0
        case .q4_0: q4_0
        case .q4_1: q4_1
        case .q5_0: q5_0
        case .q5_1: q5_1
        case .q4_K: q4_K
        case .q5_K: q5_K
        case .q6_K: q6_K
        // Called for types of blocks only: TensorView widens plain ones itself.
        case .float32, .bfloat16, .float16: preconditionFailure("\(type) is not stored in blocks")
        }
    }

    private static func half(_ block: UnsafeRawBufferPointer, at offset: Int) -> Float {
        Float(half: UInt16(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    // MARK: Blocks of 32

    /// [scale: half][32 signed bytes].
    private static func q8_0(_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) {
        let scale = half(block, at: 0)
        for i in 0..<32 { output[i] = Float(Int8(bitPattern: block[2 + i])) * scale }
    }

    /// [scale: half][16 bytes: number i in the low half of byte i, number 16 + i in its high half].
    private static func q4_0(_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) {
        let scale = half(block, at: 0)
        for i in 0..<16 {
            output[i] = Float(Int(block[2 + i] & 15) - 8) * scale
            output[16 + i] = Float(Int(block[2 + i] >> 4) - 8) * scale
        }
    }

    /// [scale: half][minimum: half][16 bytes as in Q4_0].
    private static func q4_1(_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) {
        let scale = half(block, at: 0), minimum = half(block, at: 2)
        for i in 0..<16 {
            output[i] = Float(block[4 + i] & 15) * scale + minimum
            output[16 + i] = Float(block[4 + i] >> 4) * scale + minimum
        }
    }

    /// [scale: half][4 bytes: fifth bit of number i is bit i][16 bytes as in Q4_0].
    private static func q5_0(_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) {
        let scale = half(block, at: 0)
        let high = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        for i in 0..<16 {
            let first = Int(block[6 + i] & 15) | Int(high >> UInt32(i) & 1) << 4
            let second = Int(block[6 + i] >> 4) | Int(high >> UInt32(16 + i) & 1) << 4
            output[i] = Float(first - 16) * scale
            output[16 + i] = Float(second - 16) * scale
        }
    }

    /// [scale: half][minimum: half][4 bytes of fifth bits][16 bytes as in Q4_0].
    private static func q5_1(_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) {
        let scale = half(block, at: 0), minimum = half(block, at: 2)
        let high = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        for i in 0..<16 {
            let first = Int(block[8 + i] & 15) | Int(high >> UInt32(i) & 1) << 4
            let second = Int(block[8 + i] >> 4) | Int(high >> UInt32(16 + i) & 1) << 4
            output[i] = Float(first) * scale + minimum
            output[16 + i] = Float(second) * scale + minimum
        }
    }

    // MARK: Blocks of 256

    /// Scale and minimum of group `group` of 8, six bits each, out of 12 bytes: bytes 0..<4 hold the scales of groups
    /// 0..<4 and bytes 4..<8 their minima, in their low six bits; bytes 8..<12 the low four bits of the scales (low
    /// half) and minima (high half) of groups 4..<8, whose upper two bits are the upper two of the bytes before.
    private static func scaleAndMinimum(
        _ block: UnsafeRawBufferPointer, at offset: Int, group: Int
    ) -> (scale: Float, minimum: Float) {
        let low = block[offset + group % 4], high = block[offset + 4 + group % 4]
        guard group >= 4 else { return (Float(low & 63), Float(high & 63)) }
        let mixed = block[offset + 4 + group]
        return (Float(mixed & 15 | (low >> 6) << 4), Float(mixed >> 4 | (high >> 6) << 4))
    }

    /// [scale of scales: half][scale of minima: half][12 bytes of scales and minima][128 bytes: of each 32, the low
    /// halves are one group of 32 numbers and the high halves the next].
    private static func q4_K(_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) {
        let scales = half(block, at: 0), minima = half(block, at: 2)
        for group in 0..<8 {
            let (scale, minimum) = scaleAndMinimum(block, at: 4, group: group)
            let (d, m) = (scales * scale, minima * minimum)
            for i in 0..<32 {
                let number = block[16 + group / 2 * 32 + i] >> UInt8(group % 2 * 4) & 15
                output[group * 32 + i] = d * Float(number) - m
            }
        }
    }

    /// As Q4_K, with 32 bytes of fifth bits before the 128: number i of a group has its in byte i, bit `group`.
    private static func q5_K(_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) {
        let scales = half(block, at: 0), minima = half(block, at: 2)
        for group in 0..<8 {
            let (scale, minimum) = scaleAndMinimum(block, at: 4, group: group)
            let (d, m) = (scales * scale, minima * minimum)
            for i in 0..<32 {
                let low = block[48 + group / 2 * 32 + i] >> UInt8(group % 2 * 4) & 15
                let high = block[16 + i] >> UInt8(group) & 1
                output[group * 32 + i] = d * Float(low | high << 4) - m
            }
        }
    }

    /// [128 bytes of low bits][64 bytes of high bits][16 signed scales][scale of scales: half]. Each half of the block
    /// has 64 and 32 of those bytes: groups 0 and 1 of its four groups of 32 are the low halves of the 64, groups 2 and
    /// 3 the high halves, and group g has bits 2g and 2g + 1 of the 32.
    private static func q6_K(_ block: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<Float>) {
        let scales = half(block, at: 208)
        for i in 0..<256 {
            let part = i / 128, group = i % 128 / 32
            let low = block[part * 64 + i % 64] >> UInt8(group / 2 * 4) & 15
            let high = block[128 + part * 32 + i % 32] >> UInt8(group * 2) & 3
            let scale = Float(Int8(bitPattern: block[192 + i / 16]))
            output[i] = scales * scale * Float(Int(low | high << 4) - 32)
        }
    }
}
