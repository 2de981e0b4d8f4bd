/// What an embedded engine has done so far. Counters, not clocks: they say the same on every machine.
public struct EmbeddedEngineStatistics: Sendable, Hashable {
    /// Forward passes.
    public internal(set) var steps = 0
    /// Rows of all passes: tokens prefilled and decode steps.
    public internal(set) var rows = 0
    /// Tokens drawn.
    public internal(set) var decodedTokens = 0
    /// Tokens that were guessed and run beside the token before them.
    public internal(set) var draftedTokens = 0
    /// Tokens that were guessed right.
    public internal(set) var acceptedTokens = 0
    /// Known tokens that calls appended: prompts, seeds of threads, texts of joins.
    public internal(set) var promptTokens = 0
    /// Tokens that needed no row because an earlier context had left their keys in the prefix tree.
    public internal(set) var cachedTokens = 0
    /// Tokens of joins that were prefilled while threads still ran.
    public internal(set) var warmedTokens = 0
    /// Times that a context had to give up its pages for an older one.
    public internal(set) var preemptedContexts = 0
    /// Tokens run again because their context had given up its pages and the prefix tree has had to let go of them.
    public internal(set) var recomputedTokens = 0
    /// Pages that the prefix tree let go of to make room.
    public internal(set) var evictedPages = 0
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
    /// Pages that contexts hold now.
    public internal(set) var usedPages = 0
    /// Pages that no context holds, but that contexts to come may find in the prefix tree.
    public internal(set) var cachedPages = 0
    /// Pages in all; a page holds 16 token positions.
    public internal(set) var pageCount = 0
    /// Bytes of a page: keys and values of all layers.
    public internal(set) var pageBytes = 0

    /// Takes over what the cache has counted.
    mutating func take(_ cache: KVCache) {
        forkedThreads = cache.statistics.forkedThreads
        copiedPages = cache.statistics.copiedPages
        copiedPositions = cache.statistics.copiedPositions
        adoptedPages = cache.statistics.adoptedPages
        openContexts = cache.contextCount
        usedPages = cache.pool.usedCount
        cachedPages = cache.pool.idleCount
        evictedPages = cache.statistics.evictedPages
    }
}
