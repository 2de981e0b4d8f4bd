internal import CBraidKernels

/// Consecutive slots of one page, as the attention kernel reads them.
typealias KVRun = braid_kv_run

extension KVRun {
    /// The page.
    var pageID: PageID { PageID(page) }

    /// The slot after the last one.
    var end: Int { Int(first) + Int(count) }

    init(_ page: PageID, first: Int, count: Int, rotation: Int32 = 0) {
        self.init(page: page.index, first: UInt16(first), count: UInt16(count), rotation: rotation)
    }
}
