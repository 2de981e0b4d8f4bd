import CBraidKernels
import Foundation
import Testing

@Suite("Thread pool")
struct PoolTests {

    @Test("every piece is done exactly once, in many regions, asleep and awake", arguments: [0, 1, 2, 3, 8])
    func everyPieceOnce(_ threads: Int) throws {
        let pool = try #require(braid_pool_create(threads))
        defer { braid_pool_destroy(pool) }
        #expect(braid_pool_threads(pool) == max(1, threads))
        for region in 0..<2000 {
            if region % 10 == 0 { braid_pool_wake(pool) }
            let pieces = region % 37
            var done = [UInt8](repeating: 0, count: 64)
            done.withUnsafeMutableBytes { done in
                braid_pool_run(
                    pool, pieces, { context, piece in context.assumingMemoryBound(to: UInt8.self)[piece] += 1 },
                    done.baseAddress!)
            }
            #expect(done.enumerated().allSatisfy { $0.element == ($0.offset < pieces ? 1 : 0) })
            if region % 10 == 9 { braid_pool_rest(pool) }
        }
    }

    @Test("threads that fell asleep between regions, or in the middle of one, wake up", arguments: [2, 4])
    func sleepers(_ threads: Int) throws {
        let pool = try #require(braid_pool_create(threads))
        defer { braid_pool_destroy(pool) }
        for region in 0..<40 {
            if region % 4 == 0 { braid_pool_wake(pool) }
            // Longer than anybody spins, before every other region and in its pieces.
            if region % 2 == 0 { usleep(3000) }
            var done = [UInt8](repeating: 0, count: 8)
            done.withUnsafeMutableBytes { done in
                braid_pool_run(
                    pool, 8,
                    { context, piece in
                        if piece % 4 == 3 { usleep(2000) }
                        context.assumingMemoryBound(to: UInt8.self)[piece] += 1
                    }, done.baseAddress!)
            }
            #expect(done == [1, 1, 1, 1, 1, 1, 1, 1])
            if region % 4 == 3 { braid_pool_rest(pool) }
        }
    }

    @Test("more pieces than a region's word holds")
    func manyPieces() throws {
        let pool = try #require(braid_pool_create(2))
        defer { braid_pool_destroy(pool) }
        var count = 0
        braid_pool_run(pool, 1 << 21, { context, _ in context.assumingMemoryBound(to: Int.self).pointee += 1 }, &count)
        #expect(count == 1 << 21)
    }
}
