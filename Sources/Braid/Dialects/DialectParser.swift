/// Finds a dialect's structure in what a model writes, token by token.
///
/// Control tags are known by their token (``DecodedToken/control``), so a tag in plain text is just characters; only
/// ``consume(text:)`` looks for tags in text, for engines and files that have nothing else. It is fed only what the
/// model wrote, never a prompt. The same input gives the same events however it is split, but for where free text is
/// cut into ``StructureEvent/text(_:)`` events.
///
/// Whatever is malformed is reported as an event, counted in ``malformedCount`` and then handled by the ``Policy``; the
/// parser never fails.
public struct DialectParser: Sendable {
    /// What to do about an outline that is malformed but can be understood.
    public enum Policy: String, Sendable, Codable {
        /// Make the best of it: number an unnumbered outline, drop an impossible dependency, accept other numbers.
        case repair
        /// Drop the outline.
        case reject
    }

    /// What the parser accepts.
    public struct Limits: Sendable, Hashable {
        /// Most outlines of one block.
        public var outlines: Int
        /// Most blocks within each other.
        public var depth: Int

        /// Creates limits.
        public init(outlines: Int = 64, depth: Int = 8) {
            self.outlines = outlines
            self.depth = depth
        }
    }

    private enum State: Sendable, Hashable {
        case body
        case blockOpened
        case outlines
        case outline
        case outlinesClosed
        case conclusion
        case joinedReturn
        case threadNumber
        case returning
        case returned
        case answering
        case ended
    }

    private enum Kind: Sendable, Hashable {
        case main, thread, block
    }

    private struct Frame: Sendable {
        var kind: Kind
        var state: State
        /// What has been written of an outline, a return, an answer or a thread's number.
        var begun = ""
        var numbers: [Int] = []
        var threadCount = 0
    }

    /// How often the structure was malformed so far.
    public private(set) var malformedCount = 0
    /// How far the thinking part has come.
    public private(set) var thinking: ControlGrammar.Thinking = .before

    private let dialect: Dialect
    private let policy: Policy
    private let limits: Limits
    private var scanner: TagScanner
    private var frames: [Frame]
    private var hasReportedStrayText = false

    /// Creates a parser at the beginning of a line.
    /// - Parameter line: `.main`, or `.thread` for what follows a thread's seed.
    public init(
        _ dialect: Dialect, line: ControlGrammar.Line = .main, policy: Policy = .repair, limits: Limits = Limits()
    ) {
        self.dialect = dialect
        self.policy = policy
        self.limits = limits
        scanner = TagScanner(tags: dialect.allTags)
        frames = [Frame(kind: line == .main ? .main : .thread, state: .body)]
    }

    /// Whether the next plain text belongs to a thread's return.
    public var isInReturn: Bool {
        top.state == .returning
    }

    /// Whether the next plain text is free text, outside every structure.
    public var isInFreeText: Bool { top.state == .body }

    /// Whether the next plain text belongs to a block's outline list.
    public var isInOutlines: Bool { top.kind == .block }

    /// Takes one decoded token.
    public mutating func consume(_ token: DecodedToken) -> [StructureEvent] {
        var events: [StructureEvent] = []
        if let tag = token.control {
            control(tag, &events)
        } else {
            plain(token.text, &events)
        }
        return events
    }

    /// Takes text in which the dialect's tags count as tags.
    public mutating func consume(text: String) -> [StructureEvent] {
        events(of: scanner.consume(text))
    }

    /// Ends the input: gives what was held back, and reports what was left open.
    public mutating func finish() -> [StructureEvent] {
        var events = events(of: scanner.finish())
        while let frame = frames.last {
            switch (frame.kind, frame.state) {
            case (.main, .answering):
                if case .tagged(let pair) = dialect.answer { report(.unclosed(pair.open), &events) }
            case (.block, _): report(.unclosed(dialect.parallel.open), &events)
            case (.thread, .threadNumber):
                if !frame.begun.isEmpty { events.append(.text(frame.begun)) }
                report(.unclosed(dialect.thread.open), &events)
            case (.thread, let state) where state != .ended: report(.unclosed(dialect.thread.open), &events)
            default: break
            }
            if frames.count == 1 { break }
            frames.removeLast()
        }
        top.state = .ended
        return events
    }

    /// Notes that the runtime has joined the block's threads and, where the dialect wants that, closed the block.
    public mutating func joined() {
        guard top.kind == .block else { return }
        top.threadCount = top.numbers.count
        if dialect.blockEnd == .runtime {
            frames.removeLast()
        }
    }

    // MARK: Input

    private var top: Frame {
        get { frames[frames.count - 1] }
        set { frames[frames.count - 1] = newValue }
    }

    private mutating func events(of elements: [TagScanner.Element]) -> [StructureEvent] {
        var events: [StructureEvent] = []
        for element in elements {
            switch element {
            case .text(let text): plain(text, &events)
            case .tag(let tag): control(tag, &events)
            }
        }
        return events
    }

    private mutating func plain(_ text: String, _ events: inout [StructureEvent]) {
        guard !text.isEmpty else { return }
        switch top.state {
        case .body, .conclusion: events.append(.text(text))
        case .outline, .joinedReturn, .returning, .answering: frames[frames.count - 1].begun += text
        case .threadNumber:
            frames[frames.count - 1].begun += text
            number(&events)
        case .blockOpened, .outlines, .outlinesClosed, .returned, .ended:
            if !hasReportedStrayText, text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) {
                hasReportedStrayText = true
                report(.strayText, &events)
            }
        }
    }

    private mutating func control(_ tag: String, _ events: inout [StructureEvent]) {
        hasReportedStrayText = false
        switch top.state {
        case .body: controlInBody(tag, &events)
        case .threadNumber:
            report(.threadWithoutNumber, &events)
            openThread(nil, text: top.begun, &events)
            controlInBody(tag, &events)
        case .blockOpened where tag == dialect.outlines.open: top.state = .outlines
        case .outlines where tag == dialect.outline.open: begin(.outline)
        case .outlines where tag == dialect.outlines.close: closeOutlines(&events)
        case .outline where tag == dialect.outline.close: closeOutline(top.begun, &events)
        case .outlinesClosed: controlInThreads(tag, &events)
        case .conclusion where tag == dialect.conclusion?.close: top.state = .outlinesClosed
        case .joinedReturn where tag == dialect.returns?.close:
            top.state = .outlinesClosed
            top.threadCount += 1
            events.append(.returned(top.begun))
        case .returning where tag == dialect.returns?.close:
            top.state = .returned
            events.append(.returned(top.begun))
        case .returned where tag == dialect.thread.close: closeThread(&events)
        case .answering:
            if case .tagged(let pair) = dialect.answer, tag == pair.close {
                top.state = .ended
                events.append(.answer(top.begun))
            } else {
                report(.misplacedTag(tag), &events)
            }
        case .ended where dialect.ends.contains(tag): break
        default: report(.misplacedTag(tag), &events)
        }
    }

    private mutating func controlInBody(_ tag: String, _ events: inout [StructureEvent]) {
        if tag == dialect.think?.open {
            thinking = .inside
        } else if tag == dialect.think?.close {
            thinking = .over
        } else if tag == dialect.parallel.open {
            openBlock(&events)
        } else if top.kind == .thread, tag == dialect.returns?.open {
            begin(.returning)
            events.append(.returnOpened)
        } else if top.kind == .thread, tag == dialect.thread.close {
            if dialect.returns != nil { report(.missingReturn, &events) }
            closeThread(&events)
        } else if top.kind == .main, case .tagged(let pair) = dialect.answer, tag == pair.open {
            begin(.answering)
        } else if top.kind == .main, dialect.ends.contains(tag) {
            top.state = .ended
        } else {
            report(.misplacedTag(tag), &events)
        }
    }

    private mutating func controlInThreads(_ tag: String, _ events: inout [StructureEvent]) {
        if tag == dialect.thread.open {
            top.threadCount += 1
            frames.append(Frame(kind: .thread, state: .threadNumber))
        } else if tag == dialect.returns?.open {
            begin(.joinedReturn)
        } else if tag == dialect.conclusion?.open {
            top.state = .conclusion
        } else if tag == dialect.parallel.close {
            if top.threadCount != top.numbers.count {
                report(.threadCount(threads: top.threadCount, outlines: top.numbers.count), &events)
            }
            frames.removeLast()
            events.append(.blockClosed)
        } else {
            report(.misplacedTag(tag), &events)
        }
    }

    // MARK: Structure

    private mutating func report(_ what: MalformedStructure, _ events: inout [StructureEvent]) {
        malformedCount += 1
        events.append(.malformed(what))
    }

    private mutating func openBlock(_ events: inout [StructureEvent]) {
        let depth = frames.count { $0.kind == .block }
        let limit = dialect.nests ? limits.depth : min(1, limits.depth)
        let isInThread = top.kind == .thread
        guard depth < limit, dialect.nests || !isInThread else {
            report(.tooDeep(limit: limit), &events)
            return
        }
        frames.append(Frame(kind: .block, state: .blockOpened))
        events.append(.blockOpened)
    }

    private mutating func closeOutlines(_ events: inout [StructureEvent]) {
        if top.numbers.isEmpty {
            report(.noOutlines, &events)
            frames.removeLast()
            events.append(.blockClosed)
        } else {
            top.state = .outlinesClosed
            events.append(.outlinesClosed)
        }
    }

    private mutating func closeOutline(_ written: String, _ events: inout [StructureEvent]) {
        top.state = .outlines
        let expected = (top.numbers.last ?? 0) + 1
        guard top.numbers.count < limits.outlines else {
            report(.tooManyOutlines(limit: limits.outlines), &events)
            return
        }
        var outline: Outline
        if let parsed = OutlineHeader.parse(written, suffix: dialect.numberSuffix) {
            outline = parsed
            if top.numbers.contains(outline.number) {
                report(.duplicateNumber(outline.number), &events)
                return
            }
            if outline.number != expected {
                report(.numberOutOfOrder(outline.number, expected: expected), &events)
                if policy == .reject { return }
            }
        } else {
            report(.outlineWithoutNumber, &events)
            if policy == .reject { return }
            var number = expected
            while top.numbers.contains(number) { number += 1 }
            outline = Outline(number: number, text: written)
        }
        let known = top.numbers
        if let unknown = outline.after.first(where: { !known.contains($0) }) {
            report(.unknownDependency(unknown), &events)
            if policy == .reject { return }
            outline.after.removeAll { !known.contains($0) }
        }
        top.numbers.append(outline.number)
        events.append(.outline(outline))
    }

    private mutating func begin(_ state: State) {
        top.state = state
        top.begun = ""
    }

    private mutating func number(_ events: inout [StructureEvent]) {
        let begun = top.begun
        switch OutlineHeader.number(of: begun, suffix: dialect.numberSuffix) {
        case .undecided: break
        case .found(let number, let rest): openThread(number, text: rest, &events)
        case .none:
            report(.threadWithoutNumber, &events)
            openThread(nil, text: begun, &events)
        }
    }

    private mutating func openThread(_ number: Int?, text: String, _ events: inout [StructureEvent]) {
        top.state = .body
        events.append(.threadOpened(number))
        if !text.isEmpty { events.append(.text(text)) }
    }

    private mutating func closeThread(_ events: inout [StructureEvent]) {
        events.append(.threadClosed)
        if frames.count > 1 {
            frames.removeLast()
        } else {
            top.state = .ended
        }
    }
}
