/// A tensor's numbers where they lie, without a copy.
///
/// The numbers are row-major and little-endian, and `bytes` is aligned as their type wants it. It holds exactly
/// `elementCount` elements, and where they are stored in blocks, a row is a whole number of blocks.
///
/// `@unchecked Sendable`: `bytes` points into memory that `owner` keeps alive and that nothing ever writes.
struct TensorView: @unchecked Sendable {
    /// How one number is stored.
    let elementType: TensorElementType
    /// The extents, outermost first; empty for a single number.
    let shape: [Int]
    /// The numbers. Valid as long as this view, or the file that it came from, lives.
    let bytes: UnsafeRawBufferPointer
    /// What keeps `bytes` alive.
    private let owner: any AnyObject & Sendable

    /// Creates a view of memory that `owner` keeps alive.
    init(
        elementType: TensorElementType, shape: [Int], bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
    ) {
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
    }

    /// The product of the extents.
    var elementCount: Int { bytes.count / elementType.blockByteCount * elementType.blockElementCount }

    /// Some of the outermost rows.
    func rows(_ range: Range<Int>) -> TensorView {
        let rowBytes = bytes.count / max(1, shape.first ?? 1)
        return TensorView(
            elementType: elementType, shape: [range.count] + shape.dropFirst(),
            bytes: UnsafeRawBufferPointer(
                rebasing: bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes]), owner: owner)
    }

    /// Hands out the numbers and keeps them alive until `body` returns.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withExtendedLifetime(owner) { () throws(Failure) in try body(bytes) }
    }

    /// Lets go of the memory that the file's pages take up, where the numbers lie in a file: they have been read, and are
    /// hardly needed again.
    func releasePages() {
        (owner as? MappedFile)?.releasePages(of: bytes)
    }

    /// Copies the numbers out as `Float`.
    ///
    /// - Complexity: O(`elementCount`).
    func floats() -> [Float] {
        withBytes { bytes in
            switch elementType {
            case .float32:
                (0..<elementCount).map {
                    Float(bitPattern: UInt32(littleEndian: bytes.load(fromByteOffset: $0 * 4, as: UInt32.self)))
                }
            case .bfloat16:
                (0..<elementCount).map {
                    let high = UInt16(littleEndian: bytes.load(fromByteOffset: $0 * 2, as: UInt16.self))
                    return Float(bitPattern: UInt32(high) << 16)
                }
            case .float16:
                (0..<elementCount).map {
                    Float(half: UInt16(littleEndian: bytes.load(fromByteOffset: $0 * 2, as: UInt16.self)))
                }
            case .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K:
                BlockFormats.floats(bytes, type: elementType)
            }
        }
    }
}
