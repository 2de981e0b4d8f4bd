/// The Native Parallel Reasoner (arXiv 2512.07461): blocks of plans, steps and takeaways, one after the other.
///
/// After its engine (`schedule_batch.py`, lines 687-747 and 1585-1625): a guideline forks into one step per plan, at most
/// five; a guideline without a plan, or with more than five, ends the response; steps do not fork; no fork with fewer
/// than 1024 tokens left. The steps' keys and values are adopted, and the model writes the takeaway from behind the
/// longest.
///
/// Deviations:
/// - Their steps are decoded with a repetition penalty of 1.02; here all lines of a run draw alike.
/// - Their budget counts the critical path, and besides that every step's tokens times the number of steps; the run's
///   counts every token once. The 128 tokens that they keep back are the run's own reserve here.
/// - The format rules of their prompt (`npr.txt`) are the user's to write.
public struct NPR: ReasoningMethod {
    /// `npr`.
    public let name = "npr"
    /// The dialect it speaks.
    public let dialect: Dialect
    /// It does.
    public let answersOnMainLine = true

    /// Creates the method.
    /// - Parameter dialect: ``Dialect/npr``, or the same structure in another frame.
    public init(dialect: Dialect = .npr) {
        self.dialect = dialect
    }

    /// Decodes the response, block by block.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open()
        while let plans = try await run.decode(main) {
            if let fault = fault(of: main) { return fault }
            let steps = try await run.fork(main, into: plans) { _ = try await run.decode($0) }
            try await run.join(steps, into: main)
        }
        return fault(of: main) ?? run.answer(in: main)
    }

    /// How the response ends at a guideline that cannot be used; nil while there is none.
    private func fault(of main: LiveThread) -> Answer? {
        let limit = dialect.maximumOutlines
        return main.malformed.first { $0 == .noOutlines || $0 == .tooManyOutlines(limit: limit) }
            .map { Answer(text: nil, outcome: .malformed($0.description)) }
    }
}
