/// A metadata value to be written to a GGUF file.
enum GGUFValue: Sendable, Hashable {
    case integer(UInt32)
    case float(Float)
    case bool(Bool)
    case text(String)
    case integers([Int32])
    case floats([Float])
    case texts([String])

    /// Appends the number of the value's type and the value.
    func write(to bytes: inout [UInt8]) {
        func type(_ type: GGUFValueType) { Self.append(type.rawValue, to: &bytes) }
        func array(_ element: GGUFValueType, _ count: Int) {
            type(.array)
            type(element)
            Self.append(UInt64(count), to: &bytes)
        }
        switch self {
        case .integer(let value):
            type(.uint32)
            Self.append(value, to: &bytes)
        case .float(let value):
            type(.float32)
            Self.append(value.bitPattern, to: &bytes)
        case .bool(let value):
            type(.bool)
            bytes.append(value ? 1 : 0)
        case .text(let value):
            type(.string)
            Self.append(value, to: &bytes)
        case .integers(let values):
            array(.int32, values.count)
            for value in values { Self.append(value, to: &bytes) }
        case .floats(let values):
            array(.float32, values.count)
            for value in values { Self.append(value.bitPattern, to: &bytes) }
        case .texts(let values):
            array(.string, values.count)
            for value in values { Self.append(value, to: &bytes) }
        }
    }

    /// Appends a little-endian integer.
    static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends a string: a 64-bit count of bytes, then the bytes.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        append(UInt64(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }
}
