#if canImport(Glibc)
    import CBraidKernels
    import Glibc
    import Testing
    @testable import BraidInference

    @Suite("Memory of keys and values")
    struct KVMemoryTests {
        /// How many of the memory's pages the system backs.
        private static func residentShare(of memory: KVMemory) -> Double {
            let size = sysconf(Int32(_SC_PAGESIZE))
            var pages = [UInt8](repeating: 0, count: (memory.byteCount + size - 1) / size)
            #expect(mincore(memory.base, memory.byteCount, &pages) == 0)
            return Double(pages.count { $0 & 1 == 1 }) / Double(pages.count)
        }

        @Test("is there when asked for, and otherwise when it is used")
        func preallocation() {
            let shape = braid_kv_shape_make(4, 4, 64, Int32(BRAID_CACHE_F16))
            let pageCount = (64 << 20) / shape.page_stride
            #expect(Self.residentShare(of: KVMemory(shape: shape, pageCount: pageCount, isPreallocated: true)) == 1)
            #expect(Self.residentShare(of: KVMemory(shape: shape, pageCount: pageCount)) < 0.1)
        }
    }
#endif
