/// One line from question to answer; forking is forbidden.
///
/// The baseline that every other method is compared with.
public struct Sequential: ReasoningMethod {
    /// `sequential`.
    public let name = "sequential"
    /// The dialect it speaks.
    public let dialect: Dialect

    /// Creates the method.
    public init(dialect: Dialect = .braid) {
        self.dialect = dialect
    }

    /// Only question and answer have tags.
    public var controlTags: Set<String> { dialect.sequentialTags }
    /// Chat is enough: the model answers once, and nothing is put into its mouth.
    public var minimumTier: EngineDescription.Tier { .chat }

    /// Decodes to the end.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open(mayFork: false)
        _ = try await run.decode(main)
        return run.answer(in: main)
    }
}
