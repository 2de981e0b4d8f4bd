/// A way to reason: a short program over a run's verbs.
public protocol ReasoningMethod: Sendable {
    /// Short name, such as `adaptive`.
    var name: String { get }
    /// The dialect it speaks.
    var dialect: Dialect { get }
    /// Control tags that an engine must have for it, besides one of the dialect's ``Dialect/ends``.
    var controlTags: Set<String> { get }

    /// Whether its lines see each other while they are written (``EngineDescription/groupsContexts``).
    var groupsContexts: Bool { get }

    /// Whether it answers with what its main line says to the reader, so that the answer can be read while it is written.
    var answersOnMainLine: Bool { get }

    /// Least access to the token stream that it needs.
    var minimumTier: EngineDescription.Tier { get }

    /// Answers the question; what it leaves open, the run closes.
    func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer
}

extension ReasoningMethod {
    /// All that a run which may fork needs.
    public var controlTags: Set<String> { dialect.forkingTags }

    /// They do not.
    public var groupsContexts: Bool { false }

    /// It decides when it has seen everything.
    public var answersOnMainLine: Bool { false }

    /// Raw text: threads begin with text of the runtime's.
    public var minimumTier: EngineDescription.Tier { .text }
}
