/// Finds the structure of a ``MessageSyntax`` in plain text that arrives in pieces.
struct MessageParser: Sendable {
    private enum State: Sendable, Hashable {
        case body
        case list
        case message
        case listClosed
        case joined
        /// The line before what a thread handed back, or of one that handed nothing back.
        case header(isReturn: Bool)
        case content(number: Int)
        case ended
    }

    /// How often the structure was malformed so far.
    private(set) var malformedCount = 0

    private let syntax: MessageSyntax
    private let limits: DialectParser.Limits
    private let failedReturn: String
    /// What a message's, a return's and a failure's line begin with, before the number.
    private let heads: (message: String, returned: String, failed: String)
    private var scanner: TagScanner
    private var state = State.body
    private var begun = ""
    private var numbers: [Int] = []
    private var hasReportedStrayText = false

    init(_ syntax: MessageSyntax, failedReturn: String, limits: DialectParser.Limits) {
        self.syntax = syntax
        self.limits = limits
        self.failedReturn = failedReturn
        heads = (Self.head(of: syntax.message), Self.head(of: syntax.returned), Self.head(of: syntax.failed))
        scanner = TagScanner(tags: [
            syntax.list.open, syntax.list.close, syntax.joined.open, syntax.joined.close, heads.message, heads.returned,
            heads.failed,
        ])
    }

    /// Whether the next text belongs to a list of messages.
    var isInList: Bool { state == .list || state == .message }

    mutating func consume(_ text: String) -> [StructureEvent] {
        events(of: scanner.consume(text))
    }

    /// A control token; only an end is in place.
    mutating func consume(control tag: String, isEnd: Bool) -> [StructureEvent] {
        var events = self.events(of: scanner.finish())
        if isEnd {
            if state == .listClosed { events.append(.blockClosed) }
            if state == .body || state == .listClosed {
                state = .ended
                events.append(.ended(tag))
            }
        } else {
            report(.misplacedTag(tag), &events)
        }
        return events
    }

    mutating func finish() -> [StructureEvent] {
        var events = self.events(of: scanner.finish())
        switch state {
        case .list: report(.unclosed(syntax.list.open), &events)
        case .message:
            closeMessage(&events)
            report(.unclosed(syntax.list.open), &events)
        case .joined, .header: report(.unclosed(syntax.joined.open), &events)
        case .content:
            closeContent(&events)
            report(.unclosed(syntax.joined.open), &events)
        case .listClosed: events.append(.blockClosed)
        case .body, .ended: break
        }
        state = .ended
        return events
    }

    /// Notes that what the threads handed back stands in place of the list.
    mutating func joined() {
        state = .body
        numbers = []
    }

    private mutating func events(of elements: [TagScanner.Element]) -> [StructureEvent] {
        var events: [StructureEvent] = []
        for element in elements {
            switch element {
            case .text(let text): plain(text[...], &events)
            case .tag(let tag): self.tag(tag, &events)
            }
        }
        return events
    }

    private mutating func plain(_ text: Substring, _ events: inout [StructureEvent]) {
        guard !text.isEmpty else { return }
        switch state {
        case .body: events.append(.text(String(text)))
        case .content: begun += text
        case .message, .header:
            let scalars = text.unicodeScalars
            guard let newline = scalars.firstIndex(of: "\n") else {
                begun += text
                return
            }
            begun += text[..<newline]
            closeLine(&events)
            plain(Substring(scalars[scalars.index(after: newline)...]), &events)
        case .listClosed:
            guard Self.hasInk(text) else { return }
            // The list was not the last thing that was written, so nothing is spawned.
            state = .body
            events += [.blockClosed, .text(String(text))]
        case .list, .joined, .ended:
            if !hasReportedStrayText, Self.hasInk(text) {
                hasReportedStrayText = true
                report(.strayText, &events)
            }
        }
    }

    private mutating func tag(_ tag: String, _ events: inout [StructureEvent]) {
        hasReportedStrayText = false
        if state == .message || state == .header(isReturn: true) || state == .header(isReturn: false) {
            closeLine(&events)
        }
        switch state {
        case .body where tag == syntax.list.open, .listClosed where tag == syntax.list.open:
            if state == .listClosed { events.append(.blockClosed) }
            state = .list
            numbers = []
            events.append(.blockOpened)
        case .body where tag == syntax.joined.open, .listClosed where tag == syntax.joined.open:
            if state == .body { events.append(.blockOpened) }
            events.append(.joinOpened)
            state = .joined
        case .list where tag == heads.message:
            state = .message
            begun = ""
        case .list where tag == syntax.list.close:
            if numbers.isEmpty {
                report(.noOutlines, &events)
                events.append(.blockClosed)
                state = .body
            } else {
                events.append(.outlinesClosed)
                state = .listClosed
            }
        case .joined, .content:
            closeContent(&events)
            if tag == heads.returned || tag == heads.failed {
                state = .header(isReturn: tag == heads.returned)
                begun = ""
            } else if tag == syntax.joined.close {
                events.append(.blockClosed)
                state = .body
            } else {
                report(.misplacedTag(tag), &events)
            }
        default: report(.misplacedTag(tag), &events)
        }
    }

    private mutating func closeLine(_ events: inout [StructureEvent]) {
        if state == .message { return closeMessage(&events) }
        guard case .header(let isReturn) = state else { return }
        let number = Self.number(begun)
        if number == nil { report(.threadWithoutNumber, &events) }
        begun = ""
        state = .content(number: number?.value ?? 0)
        if !isReturn {
            begun = failedReturn
            closeContent(&events)
        }
    }

    private mutating func closeMessage(_ events: inout [StructureEvent]) {
        state = .list
        let written = begun
        begun = ""
        guard let (number, rest) = Self.number(written), rest.hasPrefix(Self.tail(of: syntax.message)) else {
            return report(.outlineWithoutNumber, &events)
        }
        guard !numbers.contains(number) else { return report(.duplicateNumber(number), &events) }
        guard numbers.count < limits.outlines else { return report(.tooManyOutlines(limit: limits.outlines), &events) }
        numbers.append(number)
        let message = rest.dropFirst(Self.tail(of: syntax.message).count)
        events.append(.outline(Outline(number: number, text: String(message))))
    }

    private mutating func closeContent(_ events: inout [StructureEvent]) {
        guard case .content(let number) = state else { return }
        events.append(.returned("\(number):\(begun)"))
        begun = ""
        state = .joined
    }

    private mutating func report(_ what: MalformedStructure, _ events: inout [StructureEvent]) {
        malformedCount += 1
        events.append(.malformed(what))
    }

    private static func head(of template: String) -> String {
        template.firstRange(of: "{n}").map { String(template[..<$0.lowerBound]) } ?? template
    }

    private static func tail(of template: String) -> Substring {
        template.firstRange(of: "{n}").map { template[$0.upperBound...] } ?? ""
    }

    private static func number(_ text: String) -> (value: Int, rest: Substring)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...6).contains(digits.count), let value = Int(digits) else { return nil }
        return (value, text.dropFirst(digits.count))
    }

    private static func hasInk(_ text: Substring) -> Bool {
        text.unicodeScalars.contains { !$0.properties.isWhitespace }
    }
}
