/// Names a set of contexts that may find each other's pages in the prefix tree; others never do.
struct CachePartition: Hashable, Sendable {
    /// Counts up from 0.
    let value: Int

    /// Where contexts are that belong to nobody in particular.
    static let common = CachePartition(value: 0)
}
