/// Index of a page in the pool.
struct PageID: Hashable, Sendable {
    /// 0..<``PagePool/pageCount``.
    let index: Int32

    init(_ index: Int32) {
        self.index = index
    }
}
