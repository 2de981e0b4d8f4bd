import Synchronization

/// A line of a run that is going on: a handle for methods; its record is a ``ReasoningThread``.
///
/// Used by one task at a time, like the engine's context behind it.
public final class LiveThread: Sendable {
    /// Its path, see ``ReasoningThread/id``.
    public let id: String
    /// Its subtask; nil for the main line and for threads forked without outlines.
    public let outline: Outline?
    /// 0 for the main line, 1 for its threads, and so on.
    public let depth: Int

    private let currentContext: Mutex<(any EngineContext)?>
    let line: ControlGrammar.Line
    let mayFork: Bool
    let state: Mutex<LineState>
    let steering: Mutex<LineSteering>

    init(
        id: String, outline: Outline?, depth: Int, context: (any EngineContext)?, line: ControlGrammar.Line,
        mayFork: Bool, dialect: Dialect, attempt: Int = 1
    ) {
        self.id = id
        self.outline = outline
        self.depth = depth
        currentContext = Mutex(context)
        self.line = line
        self.mayFork = mayFork
        state = Mutex(LineState(dialect, line: line, mayFork: mayFork))
        steering = Mutex(LineSteering(attempt: attempt))
    }

    /// Nil for a thread that the budget did not let start.
    var context: (any EngineContext)? { currentContext.withLock { $0 } }

    /// Goes on in another context, which the caller has made.
    func move(to context: any EngineContext) {
        currentContext.withLock { $0 = context }
    }

    /// How it ended; nil while it can go on.
    public var outcome: ThreadOutcome? { state.withLock { $0.outcome } }

    /// What it handed back, without surrounding white space; nil when it did not.
    public var returned: String? { state.withLock { $0.returned.map { AnswerExtractor.trimmed($0) } } }

    /// Whether it finished and no check refuted what it returned.
    public var isUsable: Bool { state.withLock { $0.isUsable } }

    /// What the model wrote in it, tags included.
    public var text: String { state.withLock { $0.text } }
}
