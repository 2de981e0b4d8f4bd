internal import CBraidKernels

#if canImport(Glibc)
    internal import Glibc
#endif

/// The keys and values of all pages.
///
/// One allocation; the operating system backs it with memory page by page as it is first written, so a pool may be
/// larger than what a run needs.
final class KVMemory {
    /// Shape of a page; see `braid_kernels.h`.
    let shape: braid_kv_shape
    /// Page 0.
    let base: UnsafeMutablePointer<UInt8>
    /// Bytes of all pages: their number times the size of one.
    let byteCount: Int

    /// Makes room for `pageCount` pages.
    /// - Parameter isPreallocated: Whether the system backs all of it now.
    init(shape: braid_kv_shape, pageCount: Int, isPreallocated: Bool = false) {
        self.shape = shape
        byteCount = pageCount * shape.page_stride
        let bytes = max(64, byteCount)
        // A step touches thousands of small pieces all over the pool: with pages of 2 MiB where the system has them,
        // the processor finds their addresses in its own table.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 1 << 21)
        #if canImport(Glibc)
            madvise(memory, bytes, MADV_HUGEPAGE)
        #endif
        base = memory.bindMemory(to: UInt8.self, capacity: bytes)
        if isPreallocated {
            // The smallest page that a system has.
            for offset in stride(from: 0, to: bytes, by: 4096) { base[offset] = 0 }
        }
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }

    /// A layer's part of a page.
    func layer(_ layer: Int, of page: PageID) -> UnsafeMutablePointer<UInt8> {
        base + Int(page.index) * shape.page_stride + layer * shape.layer_stride
    }

    /// Copies a whole page, all layers.
    func perform(_ copy: PageCopy) {
        let target = base + Int(copy.target.index) * shape.page_stride
        target.update(from: base + Int(copy.source.index) * shape.page_stride, count: shape.page_stride)
    }
}
