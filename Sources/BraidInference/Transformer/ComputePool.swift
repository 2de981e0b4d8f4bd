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

    /// Calls `body` for 0..<`pieces` on the threads of the step, and returns when all calls have.
    ///
    /// `body` runs on several threads at once: it may write only what belongs to its piece.
    func run(_ pieces: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            var body = body
            withUnsafeMutablePointer(to: &body) { context in
                braid_pool_run(
                    pool, pieces,
                    { context, piece in context.assumingMemoryBound(to: ((Int) -> Void).self).pointee(piece) },
                    context)
            }
        }
    }
}
