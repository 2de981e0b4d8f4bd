/// ParaThinker (arXiv 2509.04475): so many independent paths from the prompt, then one summary that sees them all.
///
/// After its engine (`single_step.py`, `sequence.py`, `example.py`): prefill the prompt once, fork, force each path's
/// opening tag, decode all paths together; once a tenth of them has ended, the others are stopped where they are; their
/// keys and values are adopted, and the summary is sampled behind a forced beginning.
///
/// Deviations:
/// - A path's 16384 tokens are the run's budget per thread. Sampling is the run's; theirs has temperature 0.5.
/// - The embeddings that tell paths apart, and with them the published accuracy, are used where the engine's model has one
///   for each path (``EngineDescription/thoughts``); elsewhere paths are told apart by their tags alone.
public struct ParaThinker: ReasoningMethod {
    /// Share of paths that must have ended, as one in so many.
    private static let finishedShare = 10
    /// Allowed numbers of paths; there are tags for eight.
    private static let allowedPaths = 1...8

    /// `parathinker`.
    public let name = "parathinker"
    /// The dialect it speaks, with the number of paths.
    public let dialect: Dialect
    /// It does.
    public let answersOnMainLine = true
    /// Number of paths.
    public let paths: Int

    /// Creates the method.
    /// - Parameters:
    ///   - paths: 1...8.
    ///   - dialect: ``Dialect/paraThinker``, or the same structure in another frame.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``.
    public init(paths: Int = 8, dialect: Dialect = .paraThinker) throws(RunError) {
        guard Self.allowedPaths.contains(paths) else {
            throw .invalidOption(name: "paths", value: paths, allowed: Self.allowedPaths)
        }
        var dialect = dialect
        dialect.forkPoint = .start(threads: paths)
        self.paths = paths
        self.dialect = dialect
    }

    /// Thinks in paths, then sums up.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open()
        while let paths = try await run.decode(main) {
            let enough = (paths.count + Self.finishedShare - 1) / Self.finishedShare
            let threads = try await run.fork(main, into: paths, until: enough, embedsNumbers: true) {
                _ = try await run.decode($0)
            }
            try await run.join(threads, into: main)
        }
        return run.answer(in: main)
    }
}
