import Braid
import CBraidKernels
import Testing

@testable import BraidInference

@Suite("Key-value cache")
struct KVCacheTests {
    @Test("a fork copies the last partial page once per thread that writes, and full pages never")
    func forkCopiesPartialPages() throws {
        var cache = KVCache(pageCount: 64)
        let main = cache.open()
        _ = try cache.append(37, to: main)
        #expect(cache.pool.usedCount == 3)
        let threads = try cache.fork(main, count: 4)
        #expect(cache.pool.usedCount == 3)
        for thread in threads {
            let reservation = try cache.append(1, to: thread)
            #expect(reservation.copy?.source == (try cache.view(of: main).runs.last?.pageID))
            #expect(reservation.slots.map(\.slot) == [5])
            _ = try cache.append(1, to: thread)
        }
        #expect(cache.statistics.copiedPages == 4)
        #expect(cache.statistics.copiedPositions == 4 * 5)
        #expect(cache.pool.usedCount == 7)
        #expect(cache.invariantViolation() == nil)
        for thread in threads { cache.release(thread) }
        // The parent is the page's only holder again, and writes in place.
        #expect(try cache.append(1, to: main).copy == nil)
        cache.release(main)
        #expect(cache.pool.usedCount == 0)
    }

    @Test("a fork at a page's end copies nothing")
    func forkAtPageEndCopiesNothing() throws {
        var cache = KVCache(pageCount: 64)
        let main = cache.open()
        _ = try cache.append(32, to: main)
        for thread in try cache.fork(main, count: 3) { _ = try cache.append(20, to: thread) }
        #expect(cache.statistics.copiedPages == 0)
        #expect(cache.invariantViolation() == nil)
    }

    @Test("without pages nothing changes")
    func outOfPagesChangesNothing() throws {
        var cache = KVCache(pageCount: 3)
        let main = cache.open()
        _ = try cache.append(20, to: main)
        let threads = try cache.fork(main, count: 2)
        _ = try cache.append(12, to: threads[0])
        #expect(throws: KVCacheError.outOfPages(needed: 1, free: 0)) { try cache.append(1, to: threads[1]) }
        #expect(throws: KVCacheError.outOfPages(needed: 1, free: 0)) { try cache.append(1, to: threads[0]) }
        #expect(try cache.view(of: threads[0]).tokenCount == 32)
        #expect(try cache.view(of: threads[1]).tokenCount == 20)
        #expect(cache.invariantViolation() == nil)
        cache.release(threads[0])
        _ = try cache.append(1, to: threads[1])
        #expect(cache.invariantViolation() == nil)
    }

    @Test("a stitched join adopts pages, lets positions overlap, and goes on after the longest")
    func stitch() throws {
        var cache = KVCache(pageCount: 64)
        let main = cache.open()
        _ = try cache.append(20, to: main)
        let threads = try cache.fork(main, count: 2)
        _ = try cache.append(5, to: threads[0])
        _ = try cache.append(30, to: threads[1])
        let used = cache.pool.usedCount
        try cache.stitch(threads, into: main)
        #expect(cache.pool.usedCount == used)
        let view = try cache.view(of: main)
        #expect(view.spans.map(\.firstPosition) == [0, 20, 20])
        #expect(view.spans.map(\.count) == [20, 5, 30])
        #expect(view.nextPosition == 50)
        #expect(view.tokenCount == 55)
        #expect(cache.contextCount == 1)
        let reservation = try cache.append(1, to: main)
        #expect(reservation.firstPosition == 50)
        #expect(reservation.slots.map(\.slot) == [0])
        #expect(cache.invariantViolation() == nil)
        cache.release(main)
        #expect(cache.pool.usedCount == 0)
    }

    @Test("only open threads of this very fork can be joined")
    func refusesStrangers() throws {
        var cache = KVCache(pageCount: 64)
        let main = cache.open(), other = cache.open()
        _ = try cache.append(3, to: main)
        let threads = try cache.fork(main, count: 2)
        #expect(throws: KVCacheError.notAThread(other, of: main)) { try cache.stitch([other], into: main) }
        #expect(throws: KVCacheError.notAThread(threads[0], of: main)) {
            try cache.stitch([threads[0], threads[0]], into: main)
        }
        let grandchild = try cache.fork(threads[0], count: 1)[0]
        #expect(throws: KVCacheError.notAThread(grandchild, of: main)) { try cache.stitch([grandchild], into: main) }
        _ = try cache.append(1, to: main)
        #expect(throws: KVCacheError.notAThread(threads[0], of: main)) { try cache.stitch(threads, into: main) }
        cache.release(threads[0])
        #expect(throws: KVCacheError.unknownContext(threads[0])) { try cache.stitch([threads[0]], into: main) }
        #expect(cache.invariantViolation() == nil)
    }

    @Test("a thread with too few tokens is refused loudly, and changes nothing")
    func shortThreads() throws {
        var cache = KVCache(pageCount: 64)
        let main = cache.open()
        _ = try cache.append(20, to: main)
        let threads = try cache.fork(main, count: 2)
        for thread in threads { _ = try cache.append(9, to: thread) }
        cache.vacate(threads[1])
        let before = try cache.view(of: main).positions
        #expect(throws: KVCacheError.shortThread(threads[1], tokens: 0, expected: 20)) {
            try cache.stitch(threads, into: main)
        }
        #expect(
            KVCacheError.shortThread(threads[1], tokens: 0, expected: 20).engineError.description.contains(
                "0 of its 20"))
        #expect(try cache.view(of: main).positions == before)
        #expect(cache.contextCount == 3)
        #expect(cache.invariantViolation() == nil)
    }

    @Test("pages of a group and of a numbered thread are never given up, whatever is asked for")
    func livePages() throws {
        var cache = KVCache(pageCount: 24)
        let main = cache.open()
        _ = try cache.append(40, to: main)
        cache.keep(main, Array(0..<40))
        var group = KVGroup(.consecutive([.others]), common: try cache.share(main), count: 2, in: &cache)
        for member in 0..<2 { _ = try cache.append(20 + member, to: group.own[member]) }
        try group.publish(1, in: &cache)
        let thread = try cache.fork(main, count: 1)[0]
        cache.seal(thread)
        _ = try cache.append(30, to: thread)
        #expect(!cache.canVacate(thread))
        cache.keep(thread, Array(0..<70))
        let (views, sealed) = (
            try (0..<2).map { try group.view(of: $0, in: cache).view.runs }, try cache.view(of: thread).runs
        )
        // A stranger takes whatever can be had, again and again.
        for _ in 0..<10 {
            let stranger = cache.open()
            let count = KVCache.pagePositions * cache.pool.availableCount
            _ = try cache.append(count, to: stranger)
            #expect(throws: KVCacheError.self) { try cache.append(1, to: stranger) }
            cache.keep(stranger, Array(repeating: 7, count: count))
            cache.release(stranger)
        }
        func slots(_ runs: [KVRun]) -> [[Int]] { runs.map { [Int($0.page), Int($0.first), Int($0.count)] } }
        #expect(try (0..<2).map { slots(try group.view(of: $0, in: cache).view.runs) } == views.map(slots))
        #expect(slots(try cache.view(of: thread).runs) == slots(sealed))
        #expect(cache.invariantViolation() == nil)
        // The thread's own part never entered the tree: nobody finds more than what was there before the fork.
        let other = cache.open()
        #expect(cache.resume(other, Array(0..<70), upTo: 70) == 32)
        group.release(in: &cache)
        for context in [main, thread, other] { cache.release(context) }
        #expect(cache.pool.usedCount == 0)
    }

    @Test("a reservation that is taken back leaves no trace", arguments: 0..<100)
    func cancelsReservations(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var cache = KVCache(pageCount: 64)
        let main = cache.open()
        _ = try cache.append(Int.random(in: 0...40, using: &random), to: main)
        let threads = try cache.fork(main, count: 2)
        for thread in threads { _ = try cache.append(Int.random(in: 1...20, using: &random), to: thread) }
        try cache.stitch(threads, into: main)
        _ = try cache.append(Int.random(in: 0...20, using: &random), to: main)
        let before = try cache.view(of: main)
        let used = cache.pool.usedCount
        _ = try cache.append(Int.random(in: 0...50, using: &random), to: main)
        cache.truncate(main, to: before.tokenCount)
        let after = try cache.view(of: main)
        #expect(after.spans == before.spans)
        #expect(after.runs.map(\.page) == before.runs.map(\.page))
        #expect(after.runs.map(\.count) == before.runs.map(\.count))
        #expect(after.nextPosition == before.nextPosition && after.isTailOpen == before.isTailOpen)
        #expect(cache.pool.usedCount == used)
        #expect(cache.invariantViolation() == nil)
    }

    /// Tokens of one of a few sequences that begin alike.
    private func sequence(_ number: Int, _ count: Int) -> [TokenID] {
        (0..<count).map { TokenID($0 < 20 ? $0 : $0 + 1000 * (number % 3) + ($0 < 40 ? 0 : 100_000 * number)) }
    }

    @Test("full pages stay behind, are found by their tokens, and are never written to again")
    func prefixes() throws {
        var cache = KVCache(pageCount: 16)
        let tokens = sequence(0, 60)
        let first = cache.open()
        _ = try cache.append(50, to: first)
        cache.keep(first, tokens)
        let pages = try cache.view(of: first).runs.map(\.page)
        cache.release(first)
        #expect(cache.pool.usedCount == 0)
        #expect(cache.pool.idleCount == 3)

        let second = cache.open()
        #expect(cache.resume(second, tokens, upTo: 49) == 48)
        #expect(try cache.view(of: second).runs.map(\.page) == Array(pages[..<3]))
        // Taken back into the middle of a kept page, then written to: the page is copied.
        cache.truncate(second, to: 40)
        let reservation = try cache.append(1, to: second)
        #expect(reservation.copy?.source.index == pages[2])
        #expect(cache.invariantViolation() == nil)

        // Somebody who computed the same goes on with the tree's pages.
        let third = cache.open()
        _ = try cache.append(35, to: third)
        cache.keep(third, tokens)
        #expect(try cache.view(of: third).runs.map(\.page).prefix(2) == pages[..<2])
        // A longer prefix replaces a partial page.
        #expect(cache.resume(third, tokens, upTo: 60) == 13)
        #expect(try cache.view(of: third).positions == Array(0..<48))

        let stranger = cache.open(in: CachePartition(value: 1))
        #expect(cache.resume(stranger, tokens, upTo: 60) == 0)
        #expect(cache.invariantViolation() == nil)
        for context in [second, third, stranger] { cache.release(context) }
        cache.forgetAll()
        #expect(cache.pool.freeCount == 16)
        #expect(cache.invariantViolation() == nil)
    }

    @Test("what was stitched never enters the tree")
    func stitchedPagesAreNotKept() throws {
        var cache = KVCache(pageCount: 64)
        let main = cache.open()
        _ = try cache.append(40, to: main)
        for count in [[], [0], [30, 20]] {
            let threads = try cache.fork(main, count: count.count)
            for (thread, count) in zip(threads, count) { _ = try cache.append(count, to: thread) }
            try cache.stitch(threads, into: main)
        }
        _ = try cache.append(40, to: main)
        cache.keep(main, Array(0..<130))
        #expect(cache.resume(cache.open(), Array(0..<130), upTo: 130) == 32)
        cache.vacate(main)
        #expect(try cache.view(of: main).tokenCount == 130)
        #expect(cache.invariantViolation() == nil)
    }

    @Test("the longest unused page goes first, ends of sequences before their beginnings, held pages never")
    func evictsTheLongestUnused() throws {
        var cache = KVCache(pageCount: 6)
        let (a, b) = (sequence(1, 32), (0..<32).map { TokenID(500 + $0) })
        for tokens in [a, b] {
            let context = cache.open()
            _ = try cache.append(32, to: context)
            cache.keep(context, tokens)
            cache.release(context)
        }
        let holder = cache.open()
        #expect(cache.resume(holder, a, upTo: 16) == 16)
        let writer = cache.open()
        _ = try cache.append(48, to: writer)
        #expect(cache.statistics.evictedPages == 1)
        let reader = cache.open()
        #expect(cache.resume(reader, b, upTo: 32) == 32)
        cache.release(reader)
        #expect(throws: KVCacheError.outOfPages(needed: 3, free: 2)) { try cache.append(33, to: writer) }
        _ = try cache.append(32, to: writer)
        #expect(cache.statistics.evictedPages == 3)
        #expect(try cache.view(of: holder).tokenCount == 16)
        #expect(cache.invariantViolation() == nil)
    }

    @Test("random traffic: a page found holds what was written for its tokens, and all come back", arguments: 0..<100)
    func randomTraffic(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let pageCount = Int.random(in: 8...40, using: &random)
        var cache = KVCache(pageCount: pageCount)
        /// What a memory would hold: the sequence up to each slot.
        var memory: [KVReservation.Slot: [TokenID]] = [:]
        var open: [(id: ContextID, tokens: [TokenID])] = []
        func check(_ context: (id: ContextID, tokens: [TokenID])) throws {
            let view = try cache.view(of: context.id)
            var index = 0
            for run in view.runs {
                for slot in Int(run.first)..<run.end {
                    #expect(memory[.init(page: run.pageID, slot: slot)] == Array(context.tokens[...index]))
                    index += 1
                }
            }
        }
        for _ in 0..<120 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0: open.append((cache.open(), []))
            case 1, 2:
                guard let index = open.indices.randomElement(using: &random) else { continue }
                let old = open[index].tokens
                let grown = old.count + Int.random(in: 1...40, using: &random)
                let number = Int.random(in: 0..<5, using: &random)
                let tokens = old + sequence(number, max(grown, old.count)).dropFirst(old.count)
                let before = try cache.view(of: open[index].id).tokenCount
                _ = cache.resume(open[index].id, tokens, upTo: tokens.count)
                let resident = try cache.view(of: open[index].id).tokenCount
                do {
                    let reservation = try cache.append(tokens.count - resident, to: open[index].id)
                    if let copy = reservation.copy {
                        for slot in 0..<16 {
                            memory[.init(page: copy.target, slot: slot)] = memory[.init(page: copy.source, slot: slot)]
                        }
                    }
                    for (slot, end) in zip(reservation.slots, resident...) { memory[slot] = Array(tokens[...end]) }
                    open[index].tokens = tokens
                } catch KVCacheError.outOfPages {
                    cache.truncate(open[index].id, to: before)
                }
            case 3:
                guard let parent = open.randomElement(using: &random) else { continue }
                for thread in try cache.fork(parent.id, count: 2) { open.append((thread, parent.tokens)) }
            case 4:
                guard let index = open.indices.randomElement(using: &random) else { continue }
                cache.keep(open[index].id, open[index].tokens)
                if Bool.random(using: &random) { cache.release(open.remove(at: index).id) }
            default:
                guard let index = open.indices.randomElement(using: &random) else { continue }
                let count = Int.random(in: 0...open[index].tokens.count, using: &random)
                cache.truncate(open[index].id, to: count)
                open[index].tokens = Array(open[index].tokens[..<count])
            }
            if let violation = cache.invariantViolation() { Issue.record("seed \(seed): \(violation)") }
            for context in open { try check(context) }
        }
        for context in open { cache.release(context.id) }
        #expect(cache.pool.usedCount == 0)
        cache.forgetAll()
        #expect(cache.pool.freeCount == pageCount)
        #expect(cache.invariantViolation() == nil)
    }

    @Test("contexts that are gone are named, and released twice without harm")
    func unknownContexts() throws {
        var cache = KVCache(pageCount: 4)
        let context = cache.open()
        cache.release(context)
        cache.release(context)
        #expect(throws: KVCacheError.unknownContext(context)) { try cache.append(1, to: context) }
        #expect(throws: KVCacheError.unknownContext(context)) { try cache.fork(context, count: 1) }
        #expect(throws: KVCacheError.unknownContext(context)) { try cache.view(of: context) }
    }
}
