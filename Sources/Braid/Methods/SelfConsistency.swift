/// Samples several answers from one prompt and takes the most frequent one (arXiv 2203.11171, section 2).
///
/// Deviation: answers are compared after ``Vote/normalised(_:)``; the paper compares what its task parsers give. Draws
/// differ only where the sampling's temperature is above 0.
public struct SelfConsistency: ReasoningMethod {
    /// `self-consistency`.
    public let name = "self-consistency"
    /// The dialect it speaks.
    public let dialect: Dialect
    /// Number of samples; each is a thread of the run's budget.
    public let samples: Int

    /// Creates the method.
    /// - Parameter samples: 1...256.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``.
    public init(samples: Int, dialect: Dialect = .braid) throws(RunError) {
        guard (1...256).contains(samples) else {
            throw .invalidOption(name: "samples", value: samples, allowed: 1...256)
        }
        self.samples = samples
        self.dialect = dialect
    }

    /// Only question and answer have tags.
    public var controlTags: Set<String> { dialect.sequentialTags }
    /// Chat is enough: the model answers once, and nothing is put into its mouth.
    public var minimumTier: EngineDescription.Tier { .chat }

    /// Prefills the prompt once, decodes every sample from it, and votes.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        guard samples <= run.budget.maximumThreads else {
            throw RunError.invalidOption(name: "samples", value: samples, allowed: 1...run.budget.maximumThreads)
        }
        let main = try await run.open(mayFork: false)
        let lines = try await run.fork(main, count: samples) { _ = try await run.decode($0) }
        let answers = lines.map { run.answer(in: $0) }
        let vote = Vote(answers.compactMap(\.text))
        let outcome = vote.winner == nil ? answers.first?.outcome ?? .finished : .finished
        return Answer(text: vote.winner, outcome: outcome)
    }
}
