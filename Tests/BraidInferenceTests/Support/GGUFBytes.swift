/// A GGUF file put together by hand, right or wrong.
struct GGUFBytes {
    var magic = Array("GGUF".utf8)
    var version: UInt32 = 3
    /// What the header claims, if not the truth.
    var tensorCount: UInt64?
    var pairCount: UInt64?
    private(set) var pairs: [[UInt8]] = []
    private(set) var infos: [[UInt8]] = []
    var alignment = 32
    var data: [UInt8] = []

    static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    static func string(_ text: String, length: UInt64? = nil) -> [UInt8] {
        bytes(length ?? UInt64(text.utf8.count)) + Array(text.utf8)
    }

    mutating func pair(_ key: String, type: UInt32, _ value: [UInt8]) {
        pairs.append(Self.string(key) + Self.bytes(type) + value)
    }

    mutating func pair(bytes: [UInt8]) { pairs.append(bytes) }

    mutating func pair(_ key: String, _ value: String) { pair(key, type: 8, Self.string(value)) }

    mutating func pair(_ key: String, _ value: UInt32) { pair(key, type: 4, Self.bytes(value)) }

    mutating func pair(_ key: String, _ value: Float) { pair(key, type: 6, Self.bytes(value.bitPattern)) }

    mutating func array(_ key: String, type: UInt32, count: UInt64, _ elements: [UInt8]) {
        pair(key, type: 9, Self.bytes(type) + Self.bytes(count) + elements)
    }

    mutating func tensor(_ name: String, extents: [UInt64], type: UInt32 = 0, offset: UInt64, dimensions: UInt32? = nil)
    {
        infos.append(
            Self.string(name) + Self.bytes(dimensions ?? UInt32(extents.count)) + extents.flatMap(Self.bytes)
                + Self.bytes(type) + Self.bytes(offset))
    }

    /// The whole file.
    var file: [UInt8] {
        var file = magic + Self.bytes(version) + Self.bytes(tensorCount ?? UInt64(infos.count))
        file += Self.bytes(pairCount ?? UInt64(pairs.count)) + pairs.joined() + infos.joined()
        if !data.isEmpty {
            file += [UInt8](repeating: 0, count: (alignment - file.count % alignment) % alignment) + data
        }
        return file
    }
}
