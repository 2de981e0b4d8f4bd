/// Which pages of the key-value memory are in use, and by how many contexts. Bookkeeping only: it holds no keys.
///
/// Free pages are linked through an array of indices, so taking and giving back a page touches two integers.
struct PagePool: Sendable {
    /// Pages in all.
    let pageCount: Int
    /// Pages that nobody holds.
    private(set) var freeCount: Int
    /// Holders of each page.
    private var referenceCounts: [Int32]
    /// The free page after this one, or -1; meaningful for free pages.
    private var nextFree: [Int32]
    private var firstFree: Int32

    /// Creates a pool of free pages.
    init(pageCount: Int) {
        self.pageCount = pageCount
        freeCount = pageCount
        referenceCounts = Array(repeating: 0, count: pageCount)
        // Low pages first: memory that was never needed is never touched.
        nextFree = (0..<pageCount).map { $0 + 1 < pageCount ? Int32($0 + 1) : -1 }
        firstFree = pageCount > 0 ? 0 : -1
    }

    /// Pages that somebody holds.
    var usedCount: Int { pageCount - freeCount }

    /// How many hold a page.
    func referenceCount(_ page: PageID) -> Int { Int(referenceCounts[Int(page.index)]) }

    /// Takes a free page, held once; nil when there is none.
    mutating func allocate() -> PageID? {
        guard firstFree >= 0 else { return nil }
        let page = firstFree
        firstFree = nextFree[Int(page)]
        referenceCounts[Int(page)] = 1
        freeCount -= 1
        return PageID(page)
    }

    /// Adds a holder to a page in use.
    mutating func retain(_ page: PageID) {
        assert(referenceCounts[Int(page.index)] > 0, "a free page was retained")
        referenceCounts[Int(page.index)] += 1
    }

    /// Takes a holder away; the last one frees the page.
    mutating func release(_ page: PageID) {
        let index = Int(page.index)
        assert(referenceCounts[index] > 0, "a free page was released")
        referenceCounts[index] -= 1
        if referenceCounts[index] == 0 {
            nextFree[index] = firstFree
            firstFree = page.index
            freeCount += 1
        }
    }

    /// What is wrong with the bookkeeping, or nil: the free list holds every page with no holder, once.
    /// - Complexity: O(`pageCount`).
    func invariantViolation() -> String? {
        var seen = Set<Int32>()
        var page = firstFree
        while page >= 0 {
            guard seen.insert(page).inserted else { return "page \(page) is in the free list twice" }
            guard referenceCounts[Int(page)] == 0 else { return "page \(page) is free and held" }
            page = nextFree[Int(page)]
        }
        guard seen.count == freeCount else { return "\(freeCount) pages are counted free, \(seen.count) are listed" }
        guard referenceCounts.count(where: { $0 == 0 }) == freeCount else { return "a page was lost" }
        return nil
    }
}
