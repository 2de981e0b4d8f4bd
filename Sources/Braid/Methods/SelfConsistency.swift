/// Samples several answers from one prompt and takes the most frequent one (arXiv 2203.11171, section 2).
///
/// Deviation: answers are compared after ``Vote/normalised(_:)``; the paper compares what its task parsers give. Draws
/// differ only where the sampling's temperature is above 0.
public struct SelfConsistency: ReasoningMethod {
    /// `self-consistency`.
    public let name = "self-consistency"
    /// How the model is asked.
    public let frame: AnswerFrame
    /// Number of samples; each is a thread of the run's budget.
    public let samples: Int

    /// Creates the method for a model trained on a dialect.
    /// - Parameter samples: 1...256.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``.
    public init(samples: Int, dialect: Dialect = .braid) throws(RunError) {
        try RunError.check("samples", samples, in: 1...256)
        self.samples = samples
        frame = .dialect(dialect)
    }

    /// Creates the method for any other model.
    /// - Parameter samples: 1...256.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``, ``RunError/missingPlaceholders(_:prompt:)``.
    public init(samples: Int, asking prompt: PromptTemplate) throws(RunError) {
        try RunError.check("samples", samples, in: 1...256)
        self.samples = samples
        frame = .words(prompt)
        try frame.check()
    }

    /// Chat is enough: the model answers once, and nothing is put into its mouth.
    public var minimumTier: EngineDescription.Tier { .chat }

    /// The dialect it speaks.
    public var dialect: Dialect { frame.dialect }

    /// Only question and answer have tags.
    public var controlTags: Set<String> { frame.controlTags }

    /// Prefills the prompt once, decodes every sample from it, and votes; a run that is stopped answers by the votes of the
    /// samples that had ended.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let answers = try await run.answers(samples, to: question, in: frame) { ended in
            if let winner = Vote(ended.compactMap(\.answer.text)).winner { run.settle(for: winner) }
        }.map(\.answer)
        let vote = Vote(answers.compactMap(\.text))
        let outcome = vote.winner == nil ? answers.first?.outcome ?? .finished : .finished
        return Answer(text: vote.winner, outcome: outcome)
    }
}
