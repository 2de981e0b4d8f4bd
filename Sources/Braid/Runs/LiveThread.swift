import Synchronization

/// A line of a run that is going on: a handle for methods; its record is a ``ReasoningThread``.
///
/// Used by one task at a time, like the engine's context behind it.
public final class LiveThread: Sendable {
    /// What changes while the line is decoded.
    struct State: Sendable {
        var parser: DialectParser
        /// Outlines of the block that is being written.
        var outlines: [Outline] = []
        var outlineTokens = 0
        var start: ControlGrammar.Start = .body
        /// Everything decoded and joined since the seed, as a join resends it.
        var content: [TokenText.Piece] = []
        var returnContent: [TokenText.Piece] = []
        var returned: String?
        var answer: String?
        /// What the model wrote, tags included.
        var text = ""
        var decodedCount = 0
        var isClosed = false
        var outcome: ThreadOutcome?
        var malformed: MalformedStructure?
    }

    /// Its path, see ``ReasoningThread/id``.
    public let id: String
    /// Its subtask; nil for the main line and for threads forked without outlines.
    public let outline: Outline?
    /// 0 for the main line, 1 for its threads, and so on.
    public let depth: Int

    /// Nil for a thread that the budget did not let start.
    let context: (any EngineContext)?
    let line: ControlGrammar.Line
    let mayFork: Bool
    let state: Mutex<State>

    init(
        id: String, outline: Outline?, depth: Int, context: (any EngineContext)?, line: ControlGrammar.Line,
        mayFork: Bool, dialect: Dialect
    ) {
        self.id = id
        self.outline = outline
        self.depth = depth
        self.context = context
        self.line = line
        self.mayFork = mayFork
        let limits = DialectParser.Limits(outlines: dialect.maximumOutlines, depth: mayFork ? 1 : 0)
        state = Mutex(State(parser: DialectParser(dialect, line: line, limits: limits)))
    }

    /// How it ended; nil while it can go on.
    public var outcome: ThreadOutcome? { state.withLock { $0.outcome } }

    /// What it handed back, without surrounding white space; nil when it did not.
    public var returned: String? { state.withLock { $0.returned.map { AnswerExtractor.trimmed($0) } } }

    /// What the model wrote in it, tags included.
    public var text: String { state.withLock { $0.text } }
}

extension [TokenText.Piece] {
    /// Adds a decoded token as it is to be resent: by its id where the engine takes ids, else by its text.
    mutating func append(_ token: DecodedToken, byID: Bool) {
        if byID {
            if case .tokens(var ids) = last {
                removeLast()
                ids.append(token.id)
                append(.tokens(ids))
            } else {
                append(.tokens([token.id]))
            }
        } else if let tag = token.control {
            append(.control(tag))
        } else if case .text(let text) = last {
            removeLast()
            append(.text(text + token.text))
        } else if !token.text.isEmpty {
            append(.text(token.text))
        }
    }
}
