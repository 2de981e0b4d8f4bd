/// Finds a dialect's structure in what a model writes, token by token.
///
/// Control tags are known by their token (``DecodedToken/control``), so a tag in plain text is just characters; only
/// ``consume(text:)`` looks for tags in text, for engines and files that have nothing else, and dialects whose protocol is
/// plain text (``Dialect/messages``). It is fed only what the model wrote, never a prompt. The same input gives the same
/// events however it is split, but for where free text is cut into ``StructureEvent/text(_:)`` events.
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
        /// Of a thread: its label, empty for none.
        var label = ""
        /// What has been written of an outline, a return, an answer or a thread's number.
        var begun = ""
        var numbers: [Int] = []
        var threadCount = 0
        /// Of a block: whether its conclusion came. Of a line: whether one is due behind its last block.
        var hasConclusion = false
        var awaitsConclusion = false
        var hasText = false
    }

    /// How far the thinking part has come.
    public private(set) var thinking: ControlGrammar.Thinking = .before

    private let dialect: Dialect
    private let header: OutlineHeader
    private let policy: Policy
    private let limits: Limits
    private let tags: [String: TagPair]
    private let labels: [String: String]
    private var scanner: TagScanner
    private var messages: MessageParser?
    private var frames: [Frame]
    private var hasReportedStrayText = false
    private var malformedTagCount = 0
    private var labelBytes = 0

    /// Creates a parser at the beginning of a line.
    /// - Parameters:
    ///   - line: `.main`, or `.thread` for what follows a thread's seed.
    ///   - label: a thread's own ``Outline/label``; it matters where numbers are dotted or tags are numbered.
    public init(
        _ dialect: Dialect, line: ControlGrammar.Line = .main, label: String = "", policy: Policy = .repair,
        limits: Limits = Limits()
    ) {
        self.dialect = dialect
        self.policy = policy
        self.limits = limits
        header = OutlineHeader(dialect)
        tags = dialect.threadTags
        labels = Dictionary(tags.map { ($1.open, $0) }, uniquingKeysWith: { first, _ in first })
        scanner = TagScanner(tags: dialect.allTags)
        messages = dialect.messages.map {
            MessageParser($0, failedReturn: dialect.failedReturn, limits: limits)
        }
        frames = [Frame(kind: line == .main ? .main : .thread, state: .body, label: label)]
    }

    /// How often the structure was malformed so far.
    public var malformedCount: Int { malformedTagCount + (messages?.malformedCount ?? 0) }

    /// Bytes that were looked at for tags and labels so far, those looked at again included.
    public var examinedBytes: Int { labelBytes + (messages?.examinedBytes ?? scanner.examinedBytes) }

    /// Whether the next plain text belongs to a thread's return.
    public var isInReturn: Bool {
        top.state == .returning
    }

    /// What stands behind the answer's opening tag so far; nil outside an answer.
    public var answerSoFar: String? { top.state == .answering ? top.begun : nil }

    /// Whether the next plain text is free text, outside every structure.
    public var isInFreeText: Bool { top.state == .body }

    /// Whether the next plain text belongs to a block's outline list.
    public var isInOutlines: Bool {
        messages?.isInList ?? (top.kind == .block && top.state != .conclusion)
    }

    /// Takes one decoded token.
    public mutating func consume(_ token: DecodedToken) -> [StructureEvent] {
        if messages != nil {
            if let tag = token.control {
                return messages?.consume(control: tag, isEnd: dialect.ends.contains(tag)) ?? []
            }
            return messages?.consume(token.text) ?? []
        }
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
        messages?.consume(text) ?? events(of: scanner.consume(text))
    }

    /// Ends the input: gives what was held back, and reports what was left open.
    public mutating func finish() -> [StructureEvent] {
        if messages != nil { return messages?.finish() ?? [] }
        var events = events(of: scanner.finish())
        while let frame = frames.last {
            switch (frame.kind, frame.state) {
            case (.main, .answering):
                if case .tagged(let pair) = dialect.answer { report(.unclosed(pair.open), &events) }
            case (.main, .conclusion): report(.unclosed(dialect.conclusion?.tags.open ?? ""), &events)
            case (.block, _): report(.unclosed(blockName), &events)
            case (.thread, .threadNumber):
                if !frame.begun.isEmpty { events.append(.text(frame.begun)) }
                report(.unclosed(threadName(frame)), &events)
            case (.thread, let state) where state != .ended: report(.unclosed(threadName(frame)), &events)
            default: break
            }
            if frame.awaitsConclusion { report(.missingConclusion, &events) }
            if frames.count == 1 { break }
            frames.removeLast()
        }
        top.state = .ended
        top.awaitsConclusion = false
        return events
    }

    /// Notes that the runtime has joined the block's threads and has put in the dialect's ``Dialect/threadsEnd``.
    public mutating func joined() {
        messages?.joined()
        if case .start = dialect.forkPoint, top.kind == .main {
            frames.append(Frame(kind: .block, state: .outlinesClosed))
        }
        guard top.kind == .block else { return }
        top.threadCount = max(top.numbers.count, dialect.unplannedThreads ?? 0)
        if let conclusion = dialect.conclusion, dialect.opensConclusion {
            if conclusion.isAfterBlock { frames.removeLast() }
            top.hasConclusion = true
            top.state = .conclusion
        } else if dialect.blockEnd == .runtime {
            frames.removeLast()
        }
    }

    // MARK: Input

    private var top: Frame {
        get { frames[frames.count - 1] }
        set { frames[frames.count - 1] = newValue }
    }

    private var blockName: String {
        dialect.parallel?.open ?? dialect.outlines?.open ?? dialect.threadTags(label: "1")?.open ?? ""
    }

    private func threadName(_ frame: Frame) -> String { threadTags(frame)?.open ?? "" }

    private func threadClose(_ frame: Frame) -> String? { threadTags(frame)?.close }

    private func threadTags(_ frame: Frame) -> TagPair? { tags[dialect.hasNumberedTags ? frame.label : ""] }

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
        case .body, .conclusion:
            if !dialect.allowsTextBeforeBlocks, !top.hasText, top.state == .body, Self.hasInk(text) {
                frames[frames.count - 1].hasText = true
            }
            events.append(.text(text))
        case .outline, .joinedReturn, .returning, .answering: frames[frames.count - 1].begun += text
        case .threadNumber:
            frames[frames.count - 1].begun += text
            number(&events)
        case .blockOpened, .outlines, .outlinesClosed, .returned, .ended:
            if !hasReportedStrayText, Self.hasInk(text) {
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
        case .blockOpened where tag == dialect.outlines?.open: top.state = .outlines
        case .outlines where tag == dialect.outline?.open: begin(.outline)
        case .outlines where tag == dialect.outlines?.close: closeOutlines(&events)
        case .outline where tag == dialect.outline?.close: closeOutline(top.begun, &events)
        case .outlinesClosed: controlInThreads(tag, &events)
        case .conclusion where tag == dialect.conclusion?.tags.close: closeConclusion(tag, &events)
        case .joinedReturn where tag == dialect.returns?.close:
            top.state = .outlinesClosed
            top.threadCount += 1
            events.append(.returned(top.begun))
        case .returning where tag == dialect.returns?.close:
            top.state = .returned
            events.append(.returned(top.begun))
        case .returned where tag == threadClose(top): closeThread(&events)
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
            events.append(.thinkingOpened)
        } else if tag == dialect.think?.close {
            thinking = .over
            events.append(.thinkingClosed)
        } else if tag == dialect.blockOpening {
            openBlock(&events)
        } else if let conclusion = dialect.conclusion, conclusion.isAfterBlock, tag == conclusion.tags.open,
            top.awaitsConclusion
        {
            top.awaitsConclusion = false
            openConclusion(&events)
        } else if case .start = dialect.forkPoint, top.kind == .main, labels[tag] != nil {
            if openBlock(&events) { controlInThreads(tag, &events) }
        } else if top.kind == .thread, tag == dialect.returns?.open {
            begin(.returning)
            events.append(.returnOpened)
        } else if top.kind == .thread, tag == threadClose(top) {
            if dialect.returns != nil { report(.missingReturn, &events) }
            checkConclusion(&events)
            closeThread(&events)
        } else if top.kind == .main, case .tagged(let pair) = dialect.answer, tag == pair.open {
            checkConclusion(&events)
            begin(.answering)
        } else if top.kind == .main, dialect.ends.contains(tag) {
            checkConclusion(&events)
            end(tag, &events)
        } else {
            report(.misplacedTag(tag), &events)
        }
    }

    private mutating func controlInThreads(_ tag: String, _ events: inout [StructureEvent]) {
        if let label = labels[tag] {
            top.threadCount += 1
            let count = top.threadCount
            if dialect.hasNumberedTags {
                frames.append(Frame(kind: .thread, state: .body, label: label))
                events.append(.threadOpened(Int(label)))
            } else if dialect.hasNumberedText {
                frames.append(Frame(kind: .thread, state: .threadNumber))
            } else {
                frames.append(Frame(kind: .thread, state: .body))
                events.append(.threadOpened(count))
            }
        } else if tag == dialect.returns?.open {
            begin(.joinedReturn)
        } else if let conclusion = dialect.conclusion, !conclusion.isAfterBlock, tag == conclusion.tags.open {
            openConclusion(&events)
        } else if tag == dialect.parallel?.close {
            closeBlock(&events)
        } else {
            report(.misplacedTag(tag), &events)
        }
    }

    // MARK: Structure

    private mutating func report(_ what: MalformedStructure, _ events: inout [StructureEvent]) {
        malformedTagCount += 1
        events.append(.malformed(what))
    }

    /// Opens a block where one may begin, and says whether it did.
    @discardableResult
    private mutating func openBlock(_ events: inout [StructureEvent]) -> Bool {
        checkConclusion(&events)
        let depth = frames.count { $0.kind == .block }
        let limit = min(dialect.maximumDepth, limits.depth)
        let isInThread = top.kind == .thread
        guard depth < limit, dialect.nests || !isInThread else {
            report(.tooDeep(limit: limit), &events)
            return false
        }
        if top.hasText, top.kind == .main { report(.textBeforeBlock, &events) }
        let state: State =
            switch dialect.forkPoint {
            case .outlines: dialect.parallel == nil ? .outlines : .blockOpened
            case .blockOpening, .start, .messages: .outlinesClosed
            }
        frames.append(Frame(kind: .block, state: state))
        events.append(.blockOpened)
        return true
    }

    private mutating func closeBlock(_ events: inout [StructureEvent]) {
        if dialect.forkPoint == .outlines, top.threadCount != top.numbers.count {
            report(.threadCount(threads: top.threadCount, outlines: top.numbers.count), &events)
        }
        if case .blockOpening(let threads) = dialect.forkPoint, top.threadCount < min(2, threads) {
            report(.tooFewThreads(top.threadCount, least: min(2, threads)), &events)
        }
        let isDue = dialect.opensConclusion && !top.hasConclusion
        if isDue, dialect.conclusion?.isAfterBlock == false { report(.missingConclusion, &events) }
        frames.removeLast()
        if isDue, dialect.conclusion?.isAfterBlock == true { top.awaitsConclusion = true }
        events.append(.blockClosed)
    }

    private mutating func openConclusion(_ events: inout [StructureEvent]) {
        top.hasConclusion = true
        top.state = .conclusion
        events.append(.conclusionOpened)
    }

    private mutating func end(_ tag: String, _ events: inout [StructureEvent]) {
        top.state = .ended
        events.append(.ended(tag))
    }

    private mutating func closeConclusion(_ tag: String, _ events: inout [StructureEvent]) {
        events.append(.conclusionClosed)
        guard top.kind == .block else {
            top.state = .body
            return
        }
        top.state = .outlinesClosed
        guard dialect.parallel == nil else { return }
        closeBlock(&events)
        if top.kind == .main, dialect.ends.contains(tag) { end(tag, &events) }
    }

    /// Reports a conclusion that was due behind the last block and did not come.
    private mutating func checkConclusion(_ events: inout [StructureEvent]) {
        guard top.awaitsConclusion else { return }
        top.awaitsConclusion = false
        report(.missingConclusion, &events)
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
        let prefix = self.prefix
        if let parsed = header.outline(written) {
            outline = parsed
            if (outline.prefix ?? "") != prefix {
                report(.wrongPrefix(outline.prefix ?? "", expected: prefix), &events)
                if policy == .reject { return }
                outline.prefix = prefix.isEmpty ? nil : prefix
            }
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
            outline = Outline(number: number, prefix: prefix.isEmpty ? nil : prefix, text: written)
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

    /// What the labels of the block on top begin with.
    private var prefix: String {
        guard dialect.numbering == .dotted, let thread = frames.last(where: { $0.kind != .block }) else { return "" }
        return thread.label.isEmpty ? "" : thread.label + "."
    }

    private mutating func begin(_ state: State) {
        top.state = state
        top.begun = ""
    }

    private mutating func number(_ events: inout [StructureEvent]) {
        let begun = top.begun
        labelBytes += begun.utf8.count
        switch header.label(begun) {
        case .undecided: break
        case .found(let prefix, let number, let rest):
            top.label = "\(prefix)\(number)"
            openThread(number, text: rest, &events)
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

    private static func hasInk(_ text: String) -> Bool {
        text.unicodeScalars.contains { !$0.properties.isWhitespace }
    }
}
