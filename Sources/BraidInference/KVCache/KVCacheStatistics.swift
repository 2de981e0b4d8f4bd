/// What the cache has done so far.
struct KVCacheStatistics: Hashable, Sendable {
    /// Forks, counted by thread.
    var forkedThreads = 0
    /// Partial pages copied because several contexts shared them and one wrote.
    var copiedPages = 0
    /// Positions in those pages.
    var copiedPositions = 0
    /// Pages adopted by stitched joins, without a copy.
    var adoptedPages = 0
    /// Pages taken from the pool.
    var allocatedPages = 0
    /// Pages that the prefix tree gave up because a context needed room.
    var evictedPages = 0
}
