/// Everything of a GGUF file of version 3 that stands before the tensors' numbers.
struct GGUFHeader {
    /// A tensor's name, its type and its extents, outermost first.
    struct Tensor {
        var name: String
        var type: TensorElementType
        var shape: [Int]

        /// Bytes of its numbers.
        var byteCount: Int { shape.reduce(1, *) / type.blockElementCount * type.blockByteCount }
    }

    /// What the data of every tensor begin at a multiple of.
    static let alignment = 32

    /// The metadata, in order.
    var pairs: [(key: String, value: GGUFValue)] = []
    /// The tensors, in the order of their data.
    var tensors: [Tensor] = []

    /// The header with its padding, after which the data begin.
    var bytes: [UInt8] {
        var bytes = Array("GGUF".utf8)
        GGUFValue.append(UInt32(3), to: &bytes)
        GGUFValue.append(UInt64(tensors.count), to: &bytes)
        GGUFValue.append(UInt64(pairs.count), to: &bytes)
        for (key, value) in pairs {
            GGUFValue.append(key, to: &bytes)
            value.write(to: &bytes)
        }
        var offset = 0
        for tensor in tensors {
            GGUFValue.append(tensor.name, to: &bytes)
            GGUFValue.append(UInt32(tensor.shape.count), to: &bytes)
            for extent in tensor.shape.reversed() { GGUFValue.append(UInt64(extent), to: &bytes) }
            GGUFValue.append(GGUFTensorType.number(of: tensor.type), to: &bytes)
            GGUFValue.append(UInt64(offset), to: &bytes)
            offset += tensor.byteCount + Self.padding(after: tensor.byteCount)
        }
        bytes.append(contentsOf: repeatElement(0, count: Self.padding(after: bytes.count)))
        return bytes
    }

    /// Bytes between the end of something and the next multiple of the alignment.
    static func padding(after count: Int) -> Int { (alignment - count % alignment) % alignment }
}
