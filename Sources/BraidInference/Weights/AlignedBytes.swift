/// A read-only copy of bytes at an aligned address, for tensors that lie unaligned in their file.
///
/// `@unchecked Sendable`: the memory is filled in `init`, never written again, and freed in `deinit`.
final class AlignedBytes: @unchecked Sendable {
    /// The copy. Valid as long as this object lives.
    let bytes: UnsafeRawBufferPointer

    /// Copies `source` to an address that is a multiple of 64.
    init(copying source: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 64)
        copy.copyMemory(from: source)
        bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}
