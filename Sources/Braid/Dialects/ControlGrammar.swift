/// Keeps a decode call's structure valid: says after each token what may come next.
///
/// Inactive in free text; inside a parallel block it fixes tags and numbers (methods.md 13, "Constrained decoding of the
/// control grammar"). A pure value: engines copy it, ask for ``expectation``, mask, draw, and ``advance(_:)``.
///
///     main    = { text | block } answer end            thread = { text | block } [ return ] close
///     block   = <Parallel> <Outlines> <Outline> 1: text </Outline> <Outline> 2 after 1: text </Outline> ... </Outlines>
///
/// A block ends with the dialect's ``Dialect/forkTag``, where the runtime forks; after the join a fresh grammar goes on
/// from the dialect's ``Dialect/startAfterJoin``. A dialect whose protocol is plain text has nothing to constrain but its
/// ends.
public struct ControlGrammar: Sendable {
    /// What may come next.
    public enum Expectation: Sendable, Hashable {
        /// Any plain text, or one of these tags; every other control token is forbidden.
        case text(orTags: Set<String>)
        /// One of these tags and nothing else.
        case tags(Set<String>)
        /// Exactly this plain text, token by token as the tokenizer splits it.
        case exactly(String)
        /// Exactly one of these plain texts; none is the beginning of another.
        case choice([String])
    }

    /// What was decoded.
    public enum Symbol: Sendable, Hashable {
        /// A plain text token.
        case text
        /// A control tag.
        case control(String)
        /// The whole text of an ``Expectation/exactly(_:)``.
        case exact
        /// One whole text of an ``Expectation/choice(_:)``.
        case chosen(String)
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
        /// In a conclusion that the runtime has opened.
        case conclusion
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
        case conclusion(isEmpty: Bool)
        case concluded
        case blockEnd
        case blockOpened
        case beforeOutlines
        case beforeOutline(number: Int)
        case outlineOpened(number: Int)
        case dependencies(number: Int, named: [Int])
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
    private let label: String
    private let maximumOutlines: Int
    private var thinking: Thinking
    private var state: State

    /// Free text in which these tags may occur.
    public init(freeTextWith tags: Set<String>) {
        dialect = nil
        freeTags = tags
        line = .main
        label = ""
        maximumOutlines = 0
        thinking = .before
        state = .body
    }

    /// The grammar of one line of a dialect.
    /// - Parameters:
    ///   - maximumOutlines: most outlines that a block may have; 0 forbids forking here. The dialect's own limit holds
    ///     besides.
    ///   - thinking: how far the thinking part has come; ignored by dialects without one.
    ///   - label: a thread's own ``Outline/label``; it matters where numbers are dotted or tags are numbered.
    public init(
        _ dialect: Dialect, line: Line, start: Start = .body, maximumOutlines: Int, thinking: Thinking = .before,
        label: String = ""
    ) {
        let isPlainText = dialect.messages != nil
        self.dialect = isPlainText ? nil : dialect
        self.freeTags = isPlainText ? dialect.ends : []
        self.line = line
        self.label = label
        self.maximumOutlines = min(maximumOutlines, dialect.maximumOutlines)
        self.thinking = thinking
        self.state =
            switch start {
            case .body: .body
            case .conclusion: .conclusion(isEmpty: true)
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
        case .conclusion(let isEmpty): return .text(orTags: isEmpty ? [] : Self.set(dialect.conclusion?.tags.close))
        case .concluded:
            return dialect.separator.isEmpty ? .tags(Self.set(dialect.parallel?.close)) : .exactly(dialect.separator)
        case .blockEnd: return .tags(Self.set(dialect.parallel?.close))
        case .blockOpened:
            return dialect.separator.isEmpty ? .tags(Self.set(dialect.outlines?.open)) : .exactly(dialect.separator)
        case .beforeOutlines: return .tags(Self.set(dialect.outlines?.open))
        case .afterOutline(let next):
            return dialect.separator.isEmpty ? outlineOrEnd(dialect, next: next) : .exactly(dialect.separator)
        case .beforeOutline(let number): return outlineOrEnd(dialect, next: number)
        case .outlineOpened(let number): return header(dialect, number: number)
        case .dependencies(let number, let named): return dependency(dialect, number: number, named: named)
        case .outlineText(_, let isEmpty): return .text(orTags: isEmpty ? [] : Self.set(dialect.outline?.close))
        case .returning(let isEmpty):
            guard let returns = dialect.returns, !isEmpty else { return .text(orTags: []) }
            return .text(orTags: [returns.close])
        case .returned: return .tags(Self.set(dialect.threadTags(label: label)?.close))
        case .answering(let isEmpty):
            guard case .tagged(let pair) = dialect.answer else { return .text(orTags: dialect.ends) }
            return .text(orTags: isEmpty ? [] : [pair.close])
        case .answered: return .tags(dialect.ends)
        case .ended: return .text(orTags: dialect.ends)
        }
    }

    /// Takes note of what was decoded; a symbol that ``expectation`` does not allow changes nothing, nor does plain text
    /// behind plain text.
    public mutating func advance(_ symbol: Symbol) {
        guard let dialect else { return }
        switch symbol {
        case .text: advanceText()
        case .exact: advanceExact()
        case .chosen(let text): advance(chosen: text, dialect)
        case .control(let tag): advance(tag, dialect)
        }
    }

    private mutating func advanceText() {
        switch state {
        case .outlineText(let number, _): state = .outlineText(number: number, isEmpty: false)
        case .conclusion: state = .conclusion(isEmpty: false)
        case .returning: state = .returning(isEmpty: false)
        case .answering: state = .answering(isEmpty: false)
        default: break
        }
    }

    private mutating func advanceExact() {
        guard case .exactly = expectation else { return }
        switch state {
        case .concluded: state = .blockEnd
        case .blockOpened: state = .beforeOutlines
        case .afterOutline(let next): state = .beforeOutline(number: next)
        case .outlineOpened(let number): state = .outlineText(number: number, isEmpty: true)
        default: break
        }
    }

    private mutating func advance(chosen text: String, _ dialect: Dialect) {
        guard case .choice(let texts) = expectation, texts.contains(text) else { return }
        switch state {
        case .outlineOpened(let number):
            state =
                text.hasSuffix(OutlineHeader.after)
                ? .dependencies(number: number, named: []) : .outlineText(number: number, isEmpty: true)
        case .dependencies(let number, var named):
            guard text.hasSuffix(",") else {
                state = .outlineText(number: number, isEmpty: true)
                return
            }
            if let earlier = Int(text.dropLast()) { named.append(earlier) }
            state = .dependencies(number: number, named: named)
        default: break
        }
    }

    private mutating func advance(_ tag: String, _ dialect: Dialect) {
        switch expectation {
        case .text(let tags), .tags(let tags): guard tags.contains(tag) else { return }
        case .exactly, .choice: return
        }
        switch state {
        case .body: leaveBody(tag, dialect)
        case .conclusion: leaveConclusion(tag, dialect)
        case .concluded, .blockEnd: state = .body
        case .blockOpened, .beforeOutlines:
            state = dialect.separator.isEmpty ? .beforeOutline(number: 1) : .afterOutline(next: 1)
        case .beforeOutline(let number), .afterOutline(let number):
            state = tag == dialect.outline?.open ? .outlineOpened(number: number) : .ended
        case .outlineText(let number, _): state = .afterOutline(next: number + 1)
        case .returning: state = .returned
        case .answering: state = dialect.ends.contains(tag) ? .ended : .answered
        case .returned, .answered: state = .ended
        case .outlineOpened, .dependencies, .ended: break
        }
    }

    private mutating func leaveConclusion(_ tag: String, _ dialect: Dialect) {
        if dialect.conclusion?.isAfterBlock == false, dialect.parallel != nil {
            state = .concluded
        } else {
            state = dialect.ends.contains(tag) ? .ended : .body
        }
    }

    private mutating func leaveBody(_ tag: String, _ dialect: Dialect) {
        if tag == dialect.think?.open {
            thinking = .inside
        } else if tag == dialect.think?.close {
            thinking = .over
        } else if tag == dialect.forkTag {
            state = .ended
        } else if tag == dialect.parallel?.open {
            state = .blockOpened
        } else if tag == dialect.outlines?.open {
            state = dialect.separator.isEmpty ? .beforeOutline(number: 1) : .afterOutline(next: 1)
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
        if maximumOutlines > 0, !hasThought, let opening = dialect.blockOpening { tags.insert(opening) }
        switch line {
        case .thread:
            tags.formUnion(Self.set(dialect.returns?.open ?? dialect.threadTags(label: label)?.close))
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
        let (open, end) = (Self.set(dialect.outline?.open), Self.set(dialect.outlines?.close))
        if next == 1 { return .tags(open) }
        return .tags(next > maximumOutlines ? end : open.union(end))
    }

    private func header(_ dialect: Dialect, number: Int) -> Expectation {
        let prefix = dialect.numbering == .dotted && !label.isEmpty ? label + "." : ""
        let start = "\(dialect.outlineStart)\(prefix)\(number)"
        guard dialect.dependencies == .written, number > 1 else { return .exactly(start + dialect.numberSuffix) }
        return .choice([start + dialect.numberSuffix, start + OutlineHeader.after])
    }

    /// An earlier outline's number, then either the end of the header or another one.
    private func dependency(_ dialect: Dialect, number: Int, named: [Int]) -> Expectation {
        let open = (1..<max(1, number)).filter { !named.contains($0) }
        let last = open.map { "\($0)\(dialect.numberSuffix)" }
        return .choice(open.count > 1 ? last + open.map { "\($0)," } : last)
    }

    private static func set(_ tag: String?) -> Set<String> { tag.map { [$0] } ?? [] }
}
