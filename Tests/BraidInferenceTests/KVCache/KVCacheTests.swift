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
        cache.cancel(try cache.append(Int.random(in: 0...50, using: &random), to: main), of: main)
        let after = try cache.view(of: main)
        #expect(after.spans == before.spans)
        #expect(after.runs.map(\.page) == before.runs.map(\.page))
        #expect(after.runs.map(\.count) == before.runs.map(\.count))
        #expect(after.nextPosition == before.nextPosition && after.isTailOpen == before.isTailOpen)
        #expect(cache.pool.usedCount == used)
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
