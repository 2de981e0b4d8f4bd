/// Reads a mapped file front to back, and says where it ends too early.
///
/// The bytes must outlive the cursor.
struct ByteCursor {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    /// Where the next read begins; never past the end.
    private(set) var offset: Int

    /// Begins at an offset of at most `bytes.count`.
    init(_ bytes: UnsafeRawBufferPointer, path: String, offset: Int = 0) {
        self.bytes = bytes
        self.path = path
        self.offset = min(max(0, offset), bytes.count)
    }

    /// Bytes that are left.
    var remaining: Int { bytes.count - offset }

    /// Passes over some bytes, which need not be there.
    ///
    /// - Throws: ``ModelLoadingError/malformedFile(path:reason:)`` if fewer are left.
    mutating func skip(_ count: Int, _ what: @autoclosure () -> String) throws(ModelLoadingError) -> Range<Int> {
        guard count >= 0, count <= remaining else {
            throw .malformedFile(
                path: path, reason: "\(what()) at byte \(offset) wants \(count) bytes, but only \(remaining) are left")
        }
        defer { offset += count }
        return offset..<offset + count
    }

    /// Reads a little-endian integer.
    mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type, _ what: @autoclosure () -> String
    ) throws(ModelLoadingError) -> Value {
        let range = try skip(MemoryLayout<Value>.size, what())
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: type))
    }

    /// Reads a 64-bit count of things of which more than `limit` make no sense.
    mutating func count(
        limit: Int, _ what: @autoclosure () -> String
    ) throws(ModelLoadingError) -> Int {
        let count = try integer(UInt64.self, what())
        guard let count = Int(exactly: count), count <= limit else {
            throw .malformedFile(path: path, reason: "\(what()) is \(count); at most \(limit) are allowed")
        }
        return count
    }

    /// Passes over a string: a 64-bit count of bytes, then the bytes.
    mutating func string(
        limit: Int, _ what: @autoclosure () -> String
    ) throws(ModelLoadingError) -> Range<Int> {
        let length = try count(limit: limit, "the length of " + what())
        return try skip(length, what())
    }
}
