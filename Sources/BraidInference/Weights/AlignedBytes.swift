/// Read-only bytes at an aligned address, for tensors that cannot be used where they lie in their file.
///
/// `@unchecked Sendable`: the memory is filled in `init`, never written again, and freed in `deinit`.
final class AlignedBytes: @unchecked Sendable {
    /// The bytes. Valid as long as this object lives.
    let bytes: UnsafeRawBufferPointer

    /// Copies `source` to an address that is a multiple of 64.
    convenience init(copying source: UnsafeRawBufferPointer) {
        self.init(byteCount: source.count) { $0.copyMemory(from: source) }
    }

    /// Allocates bytes at an address that is a multiple of 64, and has all of them filled in.
    init(byteCount: Int, filling fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
        fill(memory)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }
}
