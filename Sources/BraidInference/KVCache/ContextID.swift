/// Names a context of the cache; never used twice.
struct ContextID: Hashable, Sendable {
    /// Counts up from 0.
    let value: Int
}
