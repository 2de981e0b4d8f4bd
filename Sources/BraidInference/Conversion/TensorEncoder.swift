internal import CBraidKernels

/// Brings the rows of a tensor into another element type.
struct TensorEncoder {
    /// The tensor's name, for messages.
    let name: String
    /// What comes out.
    let type: ConversionType

    /// The numbers of whole rows, little-endian, as GGUF has them.
    ///
    /// Plain types are rounded to nearest, of two the even one; blocks as ggml's reference does it.
    ///
    /// - Throws: ``ModelConversionError/unrepresentable(tensor:value:type:)``
    func encode(_ rows: TensorView) throws(ModelConversionError) -> [UInt8] {
        guard rows.elementType != type.elementType else { return rows.withBytes { Array($0) } }
        let numbers = rows.floats()
        if let largest, let bad = numbers.first(where: { !($0.magnitude <= largest) }) {
            throw .unrepresentable(tensor: name, value: "\(bad)", type: type)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(numbers.count / type.elementType.blockElementCount * type.elementType.blockByteCount)
        switch type {
        case .f32: for number in numbers { GGUFValue.append(number.bitPattern, to: &bytes) }
        case .bf16: for number in numbers { GGUFValue.append(UInt16(bfloatNearest: number), to: &bytes) }
        case .f16: for number in numbers { GGUFValue.append(UInt16(halfNearest: number), to: &bytes) }
        case .q8_0: return Self.blocks(numbers, type.elementType, WeightKind.q8)
        case .q4_0: return Self.blocks(numbers, type.elementType, WeightKind.q4)
        }
        return bytes
    }

    /// The largest magnitude that survives, for types that lose the exponent's range.
    private var largest: Float? {
        switch type {
        case .f32, .bf16: nil
        case .f16: 65_504
        case .q8_0: 65_504 * 127
        case .q4_0: 65_504 * 8
        }
    }

    private static func blocks(_ numbers: [Float], _ type: TensorElementType, _ kind: WeightKind) -> [UInt8] {
        let size = numbers.count / type.blockElementCount * type.blockByteCount
        return [UInt8](unsafeUninitializedCapacity: size) { blocks, count in
            numbers.withUnsafeBufferPointer { numbers in
                guard let output = blocks.baseAddress, let input = numbers.baseAddress else { return }
                braid_quantize(output, input, numbers.count, kind.number)
                count = size
            }
        }
    }
}
