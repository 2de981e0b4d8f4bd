/// Which pages of the key-value memory are in use, and by how many contexts. Bookkeeping only: it holds no keys.
///
/// A page is free, held by contexts, or idle: held by none, but kept because a ``PrefixTree`` may want it again. Free
/// pages and idle ones, the longest idle first, are linked through arrays of indices, so taking, giving back and finding
/// a page again touch a few integers.
struct PagePool: Sendable {
    /// Pages in all.
    let pageCount: Int
    /// Pages that hold nothing.
    private(set) var freeCount: Int
    /// Pages that no context holds, but that are kept.
    private(set) var idleCount = 0
    /// Holders of each page.
    private var referenceCounts: [Int32]
    private var kept: [Bool]
    /// The page after this one in the list it is in, or -1; meaningful for free and idle pages.
    private var next: [Int32]
    /// The idle page before this one, or -1; meaningful for idle pages.
    private var previous: [Int32]
    private var firstFree: Int32
    private var firstIdle: Int32 = -1
    private var lastIdle: Int32 = -1

    /// Creates a pool of free pages.
    init(pageCount: Int) {
        self.pageCount = pageCount
        freeCount = pageCount
        referenceCounts = Array(repeating: 0, count: pageCount)
        kept = Array(repeating: false, count: pageCount)
        // Low pages first: memory that was never needed is never touched.
        next = (0..<pageCount).map { $0 + 1 < pageCount ? Int32($0 + 1) : -1 }
        previous = Array(repeating: -1, count: pageCount)
        firstFree = pageCount > 0 ? 0 : -1
    }

    /// Pages that contexts hold.
    var usedCount: Int { pageCount - freeCount - idleCount }

    /// Pages that can be had: free ones, and idle ones once they are not kept any more.
    var availableCount: Int { freeCount + idleCount }

    /// The page that no context has held for the longest time; nil when none is idle.
    var longestIdle: PageID? { firstIdle < 0 ? nil : PageID(firstIdle) }

    /// How many contexts hold a page.
    func referenceCount(_ page: PageID) -> Int { Int(referenceCounts[Int(page.index)]) }

    /// Whether a page stays when its last holder lets go.
    func isKept(_ page: PageID) -> Bool { kept[Int(page.index)] }

    /// Takes a free page, held once; nil when there is none.
    mutating func allocate() -> PageID? {
        guard firstFree >= 0 else { return nil }
        let page = firstFree
        firstFree = next[Int(page)]
        referenceCounts[Int(page)] = 1
        freeCount -= 1
        return PageID(page)
    }

    /// Adds a holder to a page that is not free.
    mutating func retain(_ page: PageID) {
        let index = Int(page.index)
        assert(referenceCounts[index] > 0 || kept[index], "a free page was retained")
        if referenceCounts[index] == 0 { unlinkIdle(index) }
        referenceCounts[index] += 1
    }

    /// Takes a holder away; when it was the last one, the page becomes free, or idle if it is kept.
    mutating func release(_ page: PageID) {
        let index = Int(page.index)
        assert(referenceCounts[index] > 0, "a free page was released")
        referenceCounts[index] -= 1
        guard referenceCounts[index] == 0 else { return }
        if kept[index] { linkIdle(index) } else { free(index) }
    }

    /// Lets a page in use stay when its last holder lets go.
    mutating func keep(_ page: PageID) {
        assert(referenceCounts[Int(page.index)] > 0, "a page that nobody holds cannot be kept")
        kept[Int(page.index)] = true
    }

    /// Keeps a page no longer; an idle one becomes free.
    mutating func forget(_ page: PageID) {
        let index = Int(page.index)
        guard kept[index] else { return }
        kept[index] = false
        guard referenceCounts[index] == 0 else { return }
        unlinkIdle(index)
        free(index)
    }

    private mutating func free(_ index: Int) {
        next[index] = firstFree
        firstFree = Int32(index)
        freeCount += 1
    }

    private mutating func linkIdle(_ index: Int) {
        previous[index] = lastIdle
        next[index] = -1
        if lastIdle >= 0 { next[Int(lastIdle)] = Int32(index) } else { firstIdle = Int32(index) }
        lastIdle = Int32(index)
        idleCount += 1
    }

    private mutating func unlinkIdle(_ index: Int) {
        let (before, after) = (previous[index], next[index])
        if before >= 0 { next[Int(before)] = after } else { firstIdle = after }
        if after >= 0 { previous[Int(after)] = before } else { lastIdle = before }
        idleCount -= 1
    }

    /// What is wrong with the bookkeeping, or nil: the free list holds every page with no holder that is not kept, the
    /// idle list every page with no holder that is, once each.
    /// - Complexity: O(`pageCount`).
    func invariantViolation() -> String? {
        func pages(from first: Int32, areKept: Bool) -> (Set<Int32>, String?) {
            var seen = Set<Int32>()
            var page = first
            while page >= 0 {
                guard seen.insert(page).inserted else { return (seen, "page \(page) is in a list twice") }
                guard referenceCounts[Int(page)] == 0 else { return (seen, "page \(page) is in a list and held") }
                guard kept[Int(page)] == areKept else { return (seen, "page \(page) is in the wrong list") }
                page = next[Int(page)]
            }
            return (seen, nil)
        }
        let (free, freeViolation) = pages(from: firstFree, areKept: false)
        let (idle, idleViolation) = pages(from: firstIdle, areKept: true)
        if let violation = freeViolation ?? idleViolation { return violation }
        guard free.count == freeCount else { return "\(freeCount) pages are counted free, \(free.count) are listed" }
        guard idle.count == idleCount else { return "\(idleCount) pages are counted idle, \(idle.count) are listed" }
        guard referenceCounts.count(where: { $0 == 0 }) == availableCount else { return "a page was lost" }
        return nil
    }
}
