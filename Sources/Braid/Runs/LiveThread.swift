import Synchronization

/// A line of a run that is going on: a handle for methods; its record is a ``ReasoningThread``.
///
/// Used by one task at a time, like the engine's context behind it.
public final class LiveThread: Sendable {
    /// Its path, see ``ReasoningThread/id``.
    public let id: String
    /// Its subtask; one that only has a number in dialects without outlines, nil for the main line and for lines that a
    /// method forked of its own accord.
    public let outline: Outline?
    /// 0 for the main line, 1 for its threads, and so on.
    public let depth: Int

    let line: ControlGrammar.Line
    let mayFork: Bool
    let state: Mutex<LineState>
    private let slot: Mutex<(any EngineContext)?>

    init(
        id: String, outline: Outline?, depth: Int, context: (any EngineContext)?, line: ControlGrammar.Line,
        mayFork: Bool, dialect: Dialect
    ) {
        self.id = id
        self.outline = outline
        self.depth = depth
        slot = Mutex(context)
        self.line = line
        self.mayFork = mayFork
        state = Mutex(LineState(dialect, line: line, label: outline?.label ?? "", mayFork: mayFork))
    }

    /// Nil for a thread that the budget did not let start.
    var context: (any EngineContext)? { slot.withLock { $0 } }

    /// Goes on in another context, and gives the one before.
    func move(to context: any EngineContext) -> (any EngineContext)? {
        slot.withLock { slot in
            defer { slot = context }
            return slot
        }
    }

    /// What was malformed in what the model wrote in it, in order.
    public var malformed: [MalformedStructure] { state.withLock { $0.malformed } }

    /// How it ended; nil while it can go on.
    public var outcome: ThreadOutcome? { state.withLock { $0.outcome } }

    /// What it handed back, without surrounding white space; nil when it did not.
    public var returned: String? { state.withLock { $0.returned.map { AnswerExtractor.trimmed($0) } } }

    /// What the model wrote in it, tags included.
    public var text: String { state.withLock { $0.text } }
}
