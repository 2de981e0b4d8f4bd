internal import Braid
internal import CBraidKernels

/// The contexts of one engine and the pages they share. A pure value: it decides, ``KVMemory`` holds the numbers.
///
/// A page holds 16 positions of all layers. Forked contexts share every page; the last, partly filled one is copied
/// when a context that shares it writes, so a fork of `n` threads copies at most `n` pages, and full ones never.
///
///     parent    [P0][P1][P2 ▒▒░]          ▒ filled  ░ free
///     thread 1  [P0][P1][P7 ▒▒▓]          P0, P1: held three times; P7, P8: copies of P2
///     thread 2  [P0][P1][P8 ▒▒▓]
///     stitched  [P0][P1][P2 ▒▒·][P7 ··▓][P8 ··▓]      · not in view
///
/// Full pages of plain contexts stay behind in a ``PrefixTree`` when their contexts end, until somebody needs the room:
/// the longest unused go first, and never one that a context holds.
///
/// - Important: Not thread-safe; the worker calls it between steps.
struct KVCache: Sendable {
    /// Token positions in a page.
    static let pagePositions = Int(BRAID_PAGE_POSITIONS)

    private struct Context: Sendable {
        var view = ContextView()
        let partition: CachePartition
        /// Whom it was forked from, and how many tokens both shared then.
        var origin: (parent: ContextID, tokenCount: Int)?
    }

    /// The pages.
    private(set) var pool: PagePool
    /// What was done so far.
    private(set) var statistics = KVCacheStatistics()
    private var tree = PrefixTree()
    private var contexts: [ContextID: Context] = [:]
    private var nextID = 0

    /// Whether full pages stay behind in the prefix tree.
    private let keepsPages: Bool

    /// Creates an empty cache.
    init(pageCount: Int, keepsPages: Bool = true) {
        pool = PagePool(pageCount: pageCount)
        self.keepsPages = keepsPages
    }

    /// Contexts that were not released.
    var contextCount: Int { contexts.count }

    /// What a context attends to.
    func view(of id: ContextID) throws(KVCacheError) -> ContextView {
        guard let context = contexts[id] else { throw .unknownContext(id) }
        return context.view
    }

    /// Tokens whose keys a context has; 0 for one that is gone.
    func residentCount(of id: ContextID) -> Int { contexts[id]?.view.tokenCount ?? 0 }

    /// Position of the next token of a context; 0 for one that is gone.
    func nextPosition(of id: ContextID) -> Int { contexts[id]?.view.nextPosition ?? 0 }

    /// Whether a context has pages that it could give up, because its keys can be computed again from its tokens.
    func canVacate(_ id: ContextID) -> Bool { contexts[id].map { $0.view.isCausal && $0.view.tokenCount > 0 } ?? false }

    /// Starts an empty context.
    /// - Parameter partition: Whose pages it may find, and who may find its.
    mutating func open(in partition: CachePartition = .common) -> ContextID {
        defer { nextID += 1 }
        let id = ContextID(value: nextID)
        contexts[id] = Context(partition: partition)
        return id
    }

    /// Pages that ``append(_:to:)`` would take.
    func pagesNeeded(toAppend count: Int, to id: ContextID) throws(KVCacheError) -> Int {
        guard let context = contexts[id] else { throw .unknownContext(id) }
        guard count > 0 else { return 0 }
        var room = 0
        var needed = 0
        if context.view.isTailOpen, let tail = context.view.runs.last, tail.end < Self.pagePositions {
            room = Self.pagePositions - tail.end
            if isShared(tail.pageID) { needed = 1 }
        }
        return needed + (max(0, count - room) + Self.pagePositions - 1) / Self.pagePositions
    }

    /// Makes room for `count` tokens at the end of a context.
    ///
    /// - Returns: Where they go, and a copy to perform first when the last page was shared.
    /// - Throws: ``KVCacheError/outOfPages(needed:free:)``, ``KVCacheError/unknownContext(_:)``; nothing is changed then.
    /// - Complexity: O(`count`), and O(pages) after a fork, when the list of pages is copied.
    mutating func append(_ count: Int, to id: ContextID) throws(KVCacheError) -> KVReservation {
        let needed = try pagesNeeded(toAppend: count, to: id)
        guard needed <= pool.availableCount else { throw .outOfPages(needed: needed, free: pool.availableCount) }
        // Taken out of the dictionary, so that its arrays are changed in place.
        guard var context = contexts.removeValue(forKey: id) else { throw .unknownContext(id) }
        defer { contexts[id] = context }
        var reservation = KVReservation(
            firstPosition: context.view.nextPosition, firstIndex: context.view.tokenCount)
        var left = count

        if left > 0, context.view.isTailOpen, let tail = context.view.runs.last, tail.end < Self.pagePositions {
            var page = tail.pageID
            if isShared(page), let copy = allocate() {
                reservation.copy = PageCopy(source: page, target: copy)
                pool.release(page)
                page = copy
                context.view.move(run: context.view.runs.count - 1, to: copy)
                statistics.copiedPages += 1
                statistics.copiedPositions += Int(tail.count)
            }
            left -= Self.fill(page, from: tail.end, atMost: left, of: &context.view, into: &reservation)
        }
        while left > 0, let page = allocate() {
            left -= Self.fill(page, from: 0, atMost: left, of: &context.view, into: &reservation)
        }
        return reservation
    }

    /// Takes tokens off the end of a context until `count` are left: tokens that will not come, or whose keys are wrong.
    mutating func truncate(_ id: ContextID, to count: Int) {
        guard var context = contexts.removeValue(forKey: id) else { return }
        defer { contexts[id] = context }
        guard count < context.view.tokenCount else { return }
        for page in context.view.removeLast(context.view.tokenCount - count) { pool.release(page) }
    }

    /// Whether somebody else reads a page, so that it must not be written to.
    private func isShared(_ page: PageID) -> Bool { pool.referenceCount(page) > 1 || pool.isKept(page) }

    /// Takes a page, if need be the one that the prefix tree has gone without for the longest time.
    private mutating func allocate() -> PageID? {
        if pool.freeCount == 0, let page = pool.longestIdle {
            for page in tree.remove(page) {
                pool.forget(page)
                statistics.evictedPages += 1
            }
        }
        guard let page = pool.allocate() else { return nil }
        statistics.allocatedPages += 1
        return page
    }

    private static func fill(
        _ page: PageID, from first: Int, atMost limit: Int, of view: inout ContextView,
        into reservation: inout KVReservation
    ) -> Int {
        let count = min(limit, pagePositions - first)
        view.append(page: page, first: first, count: count)
        reservation.slots.append(page, from: first, count: count)
        return count
    }

    /// Starts `count` contexts that share everything a context has. Nothing is copied yet.
    ///
    /// - Complexity: O(`count` x pages).
    mutating func fork(_ id: ContextID, count: Int) throws(KVCacheError) -> [ContextID] {
        var threads: [ContextID] = []
        for _ in 0..<count {
            threads.append(try share(id))
            statistics.forkedThreads += 1
        }
        return threads
    }

    /// Starts one context that shares everything a context has, to try something out; not counted as a thread.
    mutating func share(_ id: ContextID) throws(KVCacheError) -> ContextID {
        guard let parent = contexts[id] else { throw .unknownContext(id) }
        let copy = open(in: parent.partition)
        for run in parent.view.runs { pool.retain(run.pageID) }
        contexts[copy] = Context(
            view: parent.view, partition: parent.partition, origin: (id, parent.view.tokenCount))
        return copy
    }

    /// Adopts what threads have written since they were forked from a context, as it is, in the order given; releases
    /// the threads.
    ///
    /// All threads began at the context's next position, so their positions overlap; decoding resumes after the longest
    /// (Multiverse, arXiv 2506.09991: `pos(conclusion) = g + 1 + max_k len_k`). Keys keep the angle they were written
    /// with, so no number is touched.
    ///
    /// - Throws: ``KVCacheError``; nothing is changed then.
    /// - Complexity: O(pages of the threads).
    mutating func stitch(_ threads: [ContextID], into id: ContextID) throws(KVCacheError) {
        guard var context = contexts[id] else { throw .unknownContext(id) }
        let shared = context.view.tokenCount
        for (index, thread) in threads.enumerated() {
            guard let candidate = contexts[thread] else { throw .unknownContext(thread) }
            guard let origin = candidate.origin, origin.parent == id, origin.tokenCount == shared,
                !threads[..<index].contains(thread)
            else { throw .notAThread(thread, of: id) }
            guard candidate.view.tokenCount >= shared else {
                throw .shortThread(thread, tokens: candidate.view.tokenCount, expected: shared)
            }
        }
        for thread in threads {
            guard let view = contexts[thread]?.view else { continue }
            let pages = view.pages(droppingFirst: shared)
            for page in pages { pool.retain(page) }
            statistics.adoptedPages += pages.count
            context.view.adopt(view, droppingFirst: shared)
        }
        contexts[id] = context
        for thread in threads { release(thread) }
    }

    /// Sees all that another context has written, behind a context's own tokens; releases the other one. Keys stay as they
    /// are; they are seen at the positions where they stand now.
    ///
    /// - Complexity: O(pages of the other).
    mutating func adopt(_ other: ContextID, into id: ContextID) throws(KVCacheError) {
        guard var context = contexts[id] else { throw .unknownContext(id) }
        guard let view = contexts[other]?.view else { throw .unknownContext(other) }
        for run in view.runs { pool.retain(run.pageID) }
        statistics.adoptedPages += view.runs.count
        context.view.adopt(view, shiftedBy: context.view.nextPosition)
        contexts[id] = context
        release(other)
    }

    /// Makes what a context is about to write its own: it is never given up, and nobody else finds it in the prefix tree.
    mutating func seal(_ id: ContextID) {
        contexts[id]?.view.seal()
    }

    /// Goes on from pages in the prefix tree that hold more of a sequence than a context does.
    ///
    /// Keys of a token depend on the tokens before it and on nothing else, bit for bit, so it makes no difference who wrote
    /// them. A stitched context is left as it is.
    ///
    /// - Parameters:
    ///   - tokens: What the context holds, and what it is about to hold.
    ///   - count: How many of them at most.
    /// - Returns: Tokens that need not be run any more.
    /// - Complexity: O(pages).
    mutating func resume(_ id: ContextID, _ tokens: [TokenID], upTo count: Int) -> Int {
        guard var context = contexts[id], context.view.isCausal else { return 0 }
        let before = context.view.tokenCount
        let path = tree.match(tokens, in: context.partition, limit: count / Self.pagePositions)
        guard path.count * Self.pagePositions > before else { return 0 }
        let full = before / Self.pagePositions
        for page in path[full...] { pool.retain(page) }
        for page in context.view.removeLast(before % Self.pagePositions) { pool.release(page) }
        for page in path[full...] { context.view.append(page: page, first: 0, count: Self.pagePositions) }
        contexts[id] = context
        return context.view.tokenCount - before
    }

    /// Puts the full pages of a context into the prefix tree, up to the first stitched join. Where the tree has the same
    /// already, the context takes the tree's page and gives its own back.
    ///
    /// - Parameter tokens: What the context holds. All of it must have been run.
    /// - Complexity: O(pages).
    mutating func keep(_ id: ContextID, _ tokens: [TokenID]) {
        guard keepsPages, var context = contexts.removeValue(forKey: id) else { return }
        defer { contexts[id] = context }
        var previous: PageID?
        for index in 0..<min(context.view.causalCount, tokens.count) / Self.pagePositions {
            let page = context.view.runs[index].pageID
            let present = tree.insert(
                page, PageTokens(tokens, page: index), after: previous, in: context.partition)
            if present == page {
                pool.keep(page)
            } else {
                pool.retain(present)
                pool.release(page)
                context.view.move(run: index, to: present)
            }
            previous = present
        }
    }

    /// Gives up the pages of a context, which stays; its tokens can be run again.
    mutating func vacate(_ id: ContextID) {
        guard var context = contexts[id], context.view.isCausal else { return }
        release(context.view)
        context.view = ContextView()
        contexts[id] = context
    }

    /// Lets a context see what another one sees, which ends.
    mutating func replace(_ id: ContextID, by other: ContextID) {
        guard var context = contexts[id], let successor = contexts.removeValue(forKey: other) else { return }
        release(context.view)
        context.view = successor.view
        contexts[id] = context
    }

    /// Ends a context and gives up its pages; a context that is gone already is ignored.
    mutating func release(_ id: ContextID) {
        guard let context = contexts.removeValue(forKey: id) else { return }
        release(context.view)
    }

    private mutating func release(_ view: ContextView) {
        // The end of a sequence is of less use to others than its beginning, so it goes first.
        for run in view.runs.reversed() { pool.release(run.pageID) }
    }

    /// Empties the prefix tree.
    mutating func forgetAll() {
        for page in tree.removeAll() { pool.forget(page) }
    }

    /// What is wrong, or nil: every page is held once per run that names it, runs lie inside their pages, spans and runs
    /// count the same tokens.
    /// - Complexity: O(pages + runs).
    func invariantViolation() -> String? {
        if let violation = pool.invariantViolation() ?? tree.invariantViolation() { return violation }
        guard (0..<pool.pageCount).count(where: { pool.isKept(PageID(Int32($0))) }) == tree.count else {
            return "the pool keeps pages that are not in the tree"
        }
        var holders = [Int](repeating: 0, count: pool.pageCount)
        for (id, context) in contexts {
            let view = context.view
            for run in view.runs {
                guard run.count > 0, run.end <= Self.pagePositions else { return "\(id) has a run outside its page" }
                holders[Int(run.page)] += 1
            }
            let inRuns = view.runs.reduce(0) { $0 + Int($1.count) }
            let inSpans = view.spans.reduce(0) { $0 + $1.count }
            guard inRuns == view.tokenCount, inSpans == view.tokenCount else {
                return "\(id) counts \(view.tokenCount) tokens, its runs \(inRuns), its spans \(inSpans)"
            }
            let end = view.spans.map(\.endPosition).max() ?? 0
            guard end == view.nextPosition else { return "\(id) continues at \(view.nextPosition), not \(end)" }
        }
        for (page, named) in holders.enumerated() {
            let held = pool.referenceCount(PageID(Int32(page)))
            guard held == named else { return "page \(page) is held \(held) times and named \(named) times" }
        }
        return nil
    }
}
