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
/// - Important: Not thread-safe; the worker calls it between steps.
struct KVCache: Sendable {
    /// Token positions in a page.
    static let pagePositions = Int(BRAID_PAGE_POSITIONS)

    private struct Context: Sendable {
        var view = ContextView()
        /// Whom it was forked from, and how many tokens both shared then.
        var origin: (parent: ContextID, tokenCount: Int)?
    }

    /// The pages.
    private(set) var pool: PagePool
    /// What was done so far.
    private(set) var statistics = KVCacheStatistics()
    private var contexts: [ContextID: Context] = [:]
    private var nextID = 0

    /// Creates an empty cache.
    init(pageCount: Int) {
        pool = PagePool(pageCount: pageCount)
    }

    /// Contexts that were not released.
    var contextCount: Int { contexts.count }

    /// What a context attends to.
    func view(of id: ContextID) throws(KVCacheError) -> ContextView {
        guard let context = contexts[id] else { throw .unknownContext(id) }
        return context.view
    }

    /// Starts an empty context.
    mutating func open() -> ContextID {
        defer { nextID += 1 }
        let id = ContextID(value: nextID)
        contexts[id] = Context()
        return id
    }

    /// Pages that ``append(_:to:)`` would take from the pool.
    func pagesNeeded(toAppend count: Int, to id: ContextID) throws(KVCacheError) -> Int {
        guard let context = contexts[id] else { throw .unknownContext(id) }
        guard count > 0 else { return 0 }
        var room = 0
        var needed = 0
        if context.view.isTailOpen, let tail = context.view.runs.last, tail.end < Self.pagePositions {
            room = Self.pagePositions - tail.end
            if pool.referenceCount(tail.pageID) > 1 { needed = 1 }
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
        guard needed <= pool.freeCount else { throw .outOfPages(needed: needed, free: pool.freeCount) }
        // Taken out of the dictionary, so that its arrays are changed in place.
        guard var context = contexts.removeValue(forKey: id) else { throw .unknownContext(id) }
        defer { contexts[id] = context }
        var reservation = KVReservation(
            firstPosition: context.view.nextPosition, firstIndex: context.view.tokenCount,
            wasTailOpen: context.view.isTailOpen)
        reservation.slots.reserveCapacity(count)
        var left = count

        if left > 0, context.view.isTailOpen, let tail = context.view.runs.last, tail.end < Self.pagePositions {
            var page = tail.pageID
            if pool.referenceCount(page) > 1, let copy = pool.allocate() {
                reservation.copy = PageCopy(source: page, target: copy)
                pool.release(page)
                page = copy
                context.view.moveTail(to: copy)
                statistics.copiedPages += 1
                statistics.copiedPositions += Int(tail.count)
                statistics.allocatedPages += 1
            }
            left -= Self.fill(page, from: tail.end, atMost: left, of: &context.view, into: &reservation)
        }
        while left > 0, let page = pool.allocate() {
            statistics.allocatedPages += 1
            left -= Self.fill(page, from: 0, atMost: left, of: &context.view, into: &reservation)
        }
        return reservation
    }

    /// Takes back the last reservation of a context, whose tokens will not come.
    mutating func cancel(_ reservation: KVReservation, of id: ContextID) {
        guard var context = contexts.removeValue(forKey: id) else { return }
        defer { contexts[id] = context }
        precondition(
            context.view.tokenCount == reservation.firstIndex + reservation.slots.count, "only the last one can go")
        for page in context.view.remove(reservation) { pool.release(page) }
    }

    private static func fill(
        _ page: PageID, from first: Int, atMost limit: Int, of view: inout ContextView,
        into reservation: inout KVReservation
    ) -> Int {
        let count = min(limit, pagePositions - first)
        view.append(page: page, first: first, count: count)
        for slot in first..<(first + count) { reservation.slots.append(.init(page: page, slot: slot)) }
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
        let copy = open()
        for run in parent.view.runs { pool.retain(run.pageID) }
        contexts[copy] = Context(view: parent.view, origin: (id, parent.view.tokenCount))
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

    /// Ends a context and gives up its pages; a context that is gone already is ignored.
    mutating func release(_ id: ContextID) {
        guard let context = contexts.removeValue(forKey: id) else { return }
        for run in context.view.runs { pool.release(run.pageID) }
    }

    /// What is wrong, or nil: every page is held once per run that names it, runs lie inside their pages, spans and runs
    /// count the same tokens.
    /// - Complexity: O(pages + runs).
    func invariantViolation() -> String? {
        if let violation = pool.invariantViolation() { return violation }
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
