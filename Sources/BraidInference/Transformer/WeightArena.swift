#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Memory for a model's matrices, one after the other in huge pages where the system has them.
///
/// With pages of 4 KiB a processor core reads weights a third slower: it looks up an address every 64 cache lines, and
/// cannot foresee what lies beyond.
///
/// - Important: Not thread-safe; what it has handed out is.
final class WeightArena {
    /// A stretch of memory, all zeros at first.
    ///
    /// `@unchecked Sendable`: while a model loads, several threads write, each to a stretch of its own that nobody reads;
    /// after that nobody writes. The memory is freed when the last matrix in it is gone.
    final class Chunk: @unchecked Sendable {
        fileprivate let memory: UnsafeMutableRawBufferPointer

        fileprivate init(byteCount: Int) {
            memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: WeightArena.pageBytes)
            #if canImport(Glibc) || canImport(Musl)
                // Advice only: a system without huge pages refuses it, and nothing but speed is lost.
                _ = madvise(memory.baseAddress, byteCount, MADV_HUGEPAGE)
            #endif
        }

        deinit { memory.deallocate() }
    }

    private static let pageBytes = 2 << 20
    private static let chunkBytes = 32 << 20
    private var current: (chunk: Chunk, used: Int)?

    /// Hands out memory at a multiple of 64, and what keeps it alive.
    func allocate(byteCount: Int) -> (memory: UnsafeMutableRawBufferPointer, owner: Chunk) {
        let size = (byteCount + 63) / 64 * 64
        if let (chunk, used) = current, used + size <= chunk.memory.count {
            current = (chunk, used + size)
            return (UnsafeMutableRawBufferPointer(rebasing: chunk.memory[used..<used + byteCount]), chunk)
        }
        let pages = (max(size, Self.chunkBytes) + Self.pageBytes - 1) / Self.pageBytes
        let chunk = Chunk(byteCount: pages * Self.pageBytes)
        current = (chunk, size)
        return (UnsafeMutableRawBufferPointer(rebasing: chunk.memory[0..<byteCount]), chunk)
    }
}
