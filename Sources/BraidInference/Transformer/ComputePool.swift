internal import Braid
internal import CBraidKernels

/// Threads that share the work of a forward pass.
///
/// Who computes a piece never changes its result, so neither does the number of threads.
final class ComputePool {
    private let pool: OpaquePointer
    private var policy = ThreadingPolicy()

    /// Starts `threads` - 1 workers; the caller is the other thread.
    /// - Throws: ``EngineError/failed(_:)`` when the system gives no threads.
    init(threads: Int) throws(EngineError) {
        guard let pool = braid_pool_create(max(1, threads)) else {
            throw .failed("the system refused \(threads) threads; use fewer")
        }
        self.pool = pool
    }

    deinit { braid_pool_destroy(pool) }

    /// Threads, the caller's included.
    var threadCount: Int { braid_pool_threads(pool) }

    /// Runs a step of so many rows, with or without the workers, whichever has been faster.
    func step(rows: Int, _ body: () -> Void) {
        guard threadCount > 1 else { return body() }
        let usesWorkers = policy.usesWorkers(rows: rows)
        let duration = ContinuousClock().measure {
            if usesWorkers { braid_pool_wake(pool) }
            body()
            if usesWorkers { braid_pool_rest(pool) }
        }
        policy.record(rows: rows, usedWorkers: usesWorkers, seconds: duration / .seconds(1))
    }

    /// Does all pieces of a region on the threads of the step. Allocates nothing.
    func run<Region: ParallelRegion>(_ region: Region) {
        withUnsafePointer(to: region) { place in
            var typed = TypedRegion(type: Region.self, place: place)
            withUnsafeMutablePointer(to: &typed) { context in
                braid_pool_run(
                    pool, region.pieceCount,
                    { context, piece in
                        let typed = context.assumingMemoryBound(to: TypedRegion.self).pointee
                        typed.type.compute(piece, of: typed.place)
                    },
                    context)
            }
        }
    }

    /// Where a region lies, and what it is: a C function knows no type parameter.
    private struct TypedRegion {
        let type: any ParallelRegion.Type
        let place: UnsafeRawPointer
    }
}
