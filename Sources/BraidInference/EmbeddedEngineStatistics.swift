/// What an embedded engine has done so far. Counters, not clocks: they say the same on every machine.
public struct EmbeddedEngineStatistics: Sendable, Hashable {
    /// Forward passes.
    public internal(set) var steps = 0
    /// Rows of all passes: tokens prefilled and decode steps.
    public internal(set) var rows = 0
    /// Tokens drawn.
    public internal(set) var decodedTokens = 0
    /// Threads forked.
    public internal(set) var forkedThreads = 0
    /// Partly filled pages copied because several contexts shared them and one wrote.
    public internal(set) var copiedPages = 0
    /// Token positions in those pages.
    public internal(set) var copiedPositions = 0
    /// Pages that stitched joins adopted without a copy.
    public internal(set) var adoptedPages = 0
    /// Contexts open now.
    public internal(set) var openContexts = 0
    /// Pages in use now.
    public internal(set) var usedPages = 0
    /// Pages in all; a page holds 16 token positions.
    public internal(set) var pageCount = 0

    /// Takes over what the cache has counted.
    mutating func take(_ cache: KVCache) {
        forkedThreads = cache.statistics.forkedThreads
        copiedPages = cache.statistics.copiedPages
        copiedPositions = cache.statistics.copiedPositions
        adoptedPages = cache.statistics.adoptedPages
        openContexts = cache.contextCount
        usedPages = cache.pool.usedCount
    }
}
