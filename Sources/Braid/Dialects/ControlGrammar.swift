/// Keeps a decode call's structure valid: says after each token what may come next.
///
/// Inactive in free text; inside a parallel block it fixes tags and numbers (methods.md 13, "Constrained decoding of the
/// control grammar"). A pure value: engines copy it, ask for ``expectation``, mask, draw, and ``advance(_:)``.
///
///     main    = { text | block } answer end            thread = { text | block } [ return ] close
///     block   = <Parallel> <Outlines> <Outline> 1: text </Outline> ... </Outlines>
///
/// A block ends with the closing tag of its outline list, where the runtime forks; after the join a fresh grammar goes
/// on in free text, or with ``Start/blockEnd`` where the model itself writes the block's end.
public struct ControlGrammar: Sendable {
    /// What may come next.
    public enum Expectation: Sendable, Hashable {
        /// Any plain text, or one of these tags; every other control token is forbidden.
        case text(orTags: Set<String>)
        /// One of these tags and nothing else.
        case tags(Set<String>)
        /// Exactly this plain text, token by token as the tokenizer splits it.
        case exactly(String)
    }

    /// What was decoded.
    public enum Symbol: Sendable, Hashable {
        /// A plain text token.
        case text
        /// A control tag.
        case control(String)
        /// The whole text of an ``Expectation/exactly(_:)``.
        case exact
    }

    /// Which line of a run is decoded.
    public enum Line: Sendable, Hashable {
        /// The one that answers.
        case main
        /// One that was forked from an outline.
        case thread
    }

    /// Where in the line decoding goes on.
    public enum Start: Sendable, Hashable {
        /// In free text.
        case body
        /// Before the closing tag of a block whose threads have been joined.
        case blockEnd
        /// After the opening tag of a block.
        case block
        /// After the opening tag of a thread's return, or further on in it.
        case returning(isEmpty: Bool)
    }

    /// How far the thinking part has come, in dialects that have one.
    public enum Thinking: Sendable, Hashable {
        /// It has not begun.
        case before
        /// It goes on.
        case inside
        /// It is over; no block may begin any more.
        case over
    }

    private enum State: Sendable, Hashable {
        case body
        case blockEnd
        case blockOpened
        case beforeOutlines
        case beforeOutline(number: Int)
        case outlineOpened(number: Int)
        case outlineText(number: Int, isEmpty: Bool)
        case afterOutline(next: Int)
        case returning(isEmpty: Bool)
        case returned
        case answering(isEmpty: Bool)
        case answered
        case ended
    }

    /// Nil: only ``freeTags`` counts.
    private let dialect: Dialect?
    private let freeTags: Set<String>
    private let line: Line
    private let maximumOutlines: Int
    private var thinking: Thinking
    private var state: State

    /// Free text in which these tags may occur.
    public init(freeTextWith tags: Set<String>) {
        dialect = nil
        freeTags = tags
        line = .main
        maximumOutlines = 0
        thinking = .before
        state = .body
    }

    /// The grammar of one line of a dialect.
    /// - Parameters:
    ///   - maximumOutlines: most outlines that a block may have; 0 forbids forking here. The dialect's own limit holds
    ///     besides.
    ///   - thinking: how far the thinking part has come; ignored by dialects without one.
    public init(
        _ dialect: Dialect, line: Line, start: Start = .body, maximumOutlines: Int, thinking: Thinking = .before
    ) {
        self.dialect = dialect
        self.freeTags = []
        self.line = line
        self.maximumOutlines = min(maximumOutlines, dialect.maximumOutlines)
        self.thinking = thinking
        self.state =
            switch start {
            case .body: .body
            case .blockEnd: .blockEnd
            case .block: .blockOpened
            case .returning(let isEmpty): .returning(isEmpty: isEmpty)
            }
    }

    /// What may come next.
    public var expectation: Expectation {
        guard let dialect else { return .text(orTags: freeTags) }
        switch state {
        case .body: return .text(orTags: bodyTags(dialect))
        case .blockEnd: return .tags([dialect.parallel.close])
        case .blockOpened:
            return dialect.separator.isEmpty ? .tags([dialect.outlines.open]) : .exactly(dialect.separator)
        case .beforeOutlines: return .tags([dialect.outlines.open])
        case .afterOutline(let next):
            return dialect.separator.isEmpty ? outlineOrEnd(dialect, next: next) : .exactly(dialect.separator)
        case .beforeOutline(let number): return outlineOrEnd(dialect, next: number)
        case .outlineOpened(let number): return .exactly("\(number)\(dialect.numberSuffix)")
        case .outlineText(_, let isEmpty): return .text(orTags: isEmpty ? [] : [dialect.outline.close])
        case .returning(let isEmpty):
            guard let returns = dialect.returns, !isEmpty else { return .text(orTags: []) }
            return .text(orTags: [returns.close])
        case .returned: return .tags([dialect.thread.close])
        case .answering(let isEmpty):
            guard case .tagged(let pair) = dialect.answer else { return .text(orTags: dialect.ends) }
            return .text(orTags: isEmpty ? [] : [pair.close])
        case .answered: return .tags(dialect.ends)
        case .ended: return .text(orTags: dialect.ends)
        }
    }

    /// Takes note of what was decoded; a symbol that ``expectation`` does not allow changes nothing.
    public mutating func advance(_ symbol: Symbol) {
        guard let dialect else { return }
        switch symbol {
        case .text: advanceText()
        case .exact: advanceExact()
        case .control(let tag): advance(tag, dialect)
        }
    }

    private mutating func advanceText() {
        switch state {
        case .outlineText(let number, _): state = .outlineText(number: number, isEmpty: false)
        case .returning: state = .returning(isEmpty: false)
        case .answering: state = .answering(isEmpty: false)
        default: break
        }
    }

    private mutating func advanceExact() {
        switch state {
        case .blockOpened: state = .beforeOutlines
        case .afterOutline(let next): state = .beforeOutline(number: next)
        case .outlineOpened(let number): state = .outlineText(number: number, isEmpty: true)
        default: break
        }
    }

    private mutating func advance(_ tag: String, _ dialect: Dialect) {
        switch expectation {
        case .text(let tags), .tags(let tags): guard tags.contains(tag) else { return }
        case .exactly: return
        }
        switch state {
        case .body: leaveBody(tag, dialect)
        case .blockEnd: state = .body
        case .blockOpened, .beforeOutlines:
            state = dialect.separator.isEmpty ? .beforeOutline(number: 1) : .afterOutline(next: 1)
        case .beforeOutline(let number), .afterOutline(let number):
            state = tag == dialect.outline.open ? .outlineOpened(number: number) : .ended
        case .outlineText(let number, _): state = .afterOutline(next: number + 1)
        case .returning: state = .returned
        case .answering: state = dialect.ends.contains(tag) ? .ended : .answered
        case .returned, .answered: state = .ended
        case .outlineOpened, .ended: break
        }
    }

    private mutating func leaveBody(_ tag: String, _ dialect: Dialect) {
        if tag == dialect.think?.open {
            thinking = .inside
        } else if tag == dialect.think?.close {
            thinking = .over
        } else if tag == dialect.parallel.open {
            state = .blockOpened
        } else if tag == dialect.returns?.open {
            state = .returning(isEmpty: true)
        } else if case .tagged(let pair) = dialect.answer, tag == pair.open {
            state = .answering(isEmpty: true)
        } else {
            state = .ended
        }
    }

    private func bodyTags(_ dialect: Dialect) -> Set<String> {
        var tags: Set<String> = []
        let hasThought = dialect.think != nil && thinking == .over
        if maximumOutlines > 0, !hasThought { tags.insert(dialect.parallel.open) }
        switch line {
        case .thread:
            tags.insert(dialect.returns?.open ?? dialect.thread.close)
        case .main:
            if let think = dialect.think {
                if thinking == .before { tags.insert(think.open) }
                if thinking == .inside { tags.insert(think.close) }
            }
            if case .tagged(let pair) = dialect.answer {
                tags.insert(pair.open)
            } else if dialect.think == nil || thinking != .inside {
                tags.formUnion(dialect.ends)
            }
        }
        return tags
    }

    private func outlineOrEnd(_ dialect: Dialect, next: Int) -> Expectation {
        if next == 1 { return .tags([dialect.outline.open]) }
        if next > maximumOutlines { return .tags([dialect.outlines.close]) }
        return .tags([dialect.outline.open, dialect.outlines.close])
    }
}
