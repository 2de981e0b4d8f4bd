/// Parallel-R1 (arXiv 2509.07980): paths without a plan, then a summary.
///
/// After its rollout (`parallel_thinking_loop_v3.py`, lines 334-424): decode to `<Parallel>`; two paths from there, which
/// only their draws tell apart; a path that does not end by itself is closed; the model writes the summary, and the line
/// goes on; at most four blocks.
///
/// Deviations:
/// - After the fourth block the line goes on without forking; the control grammar keeps it from opening another, and on
///   engines without one another block's tag stays without effect.
/// - A summary that ends the whole text is not closed, because nothing is decoded after it.
/// - The 4096 tokens of a path are the run's budget per thread. Sampling is the run's; theirs has temperature 1.
public struct ParallelR1: ReasoningMethod {
    /// Most blocks of one response.
    private static let maximumBlocks = 4
    /// Allowed numbers of paths.
    private static let allowedPaths = 2...64

    /// `parallel-r1`.
    public let name = "parallel-r1"
    /// The dialect it speaks, with the number of paths.
    public let dialect: Dialect
    /// It does.
    public let answersOnMainLine = true

    /// Creates the method.
    /// - Parameters:
    ///   - paths: threads of a block, 2...64.
    ///   - dialect: ``Dialect/parallelR1`` or ``Dialect/parallelR1Unseen``, or the same structure in another frame.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``.
    public init(paths: Int = 2, dialect: Dialect = .parallelR1) throws(RunError) {
        guard Self.allowedPaths.contains(paths) else {
            throw .invalidOption(name: "paths", value: paths, allowed: Self.allowedPaths)
        }
        var dialect = dialect
        dialect.forkPoint = .blockOpening(threads: paths)
        self.dialect = dialect
    }

    /// Decodes the response, block by block.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open()
        var blocks = 0
        while let paths = try await run.decode(main, mayFork: blocks < Self.maximumBlocks) {
            blocks += 1
            let threads = try await run.fork(main, into: paths) { _ = try await run.decode($0) }
            try await run.join(threads, into: main)
        }
        return run.answer(in: main)
    }
}
