/// Multiverse (arXiv 2506.09991): the adaptive loop with its dialect.
///
/// After its engine (`schedule_batch.py`, lines 696-719 and 1522-1647; `scheduler.py`, lines 1526-1646): decode to
/// `</Goal>`, one path per outline, all at once and each for itself; once all have ended, for whatever reason, their keys
/// and values are adopted and the model writes the conclusion from behind the longest. Blocks nest six deep; a fork with
/// fewer than 30 tokens left, or deeper, goes on in sequence.
///
/// Deviations:
/// - Their token budget counts the critical path; the run's counts every token.
/// - A path that failed inside the engine is left out of the join; theirs has no such path.
/// - Their engine merges one block at a time; here blocks are joined as they are done.
/// - The question's suffix of their training data (" Think step by step and in parallel before answering.") is the
///   user's to write.
public struct Multiverse: ReasoningMethod {
    /// `multiverse`.
    public let name = "multiverse"
    /// The dialect it speaks.
    public let dialect: Dialect
    /// It does.
    public let answersOnMainLine = true

    /// Creates the method.
    /// - Parameter dialect: ``Dialect/multiverse``, or the same structure in another frame.
    public init(dialect: Dialect = .multiverse) {
        self.dialect = dialect
    }

    /// Decodes the main line with everything that it forks into.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        try await Adaptive(dialect: dialect).answer(question, in: run)
    }
}
