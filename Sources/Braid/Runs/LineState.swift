/// What changes in a line while it is decoded: a pure value that takes tokens and says what they mean.
struct LineState: Sendable {
    /// Outlines of the block that is being written.
    private(set) var outlines: [Outline] = []
    /// Tokens of that block so far.
    private(set) var outlineTokens = 0
    /// Where the next decode call goes on.
    private(set) var start: ControlGrammar.Start = .body
    /// What the thread handed back, as written.
    private(set) var returned: String?
    /// What stands between the answer tags, or what the thread returned that is named there.
    private(set) var answer: String?
    /// What the last token made certain of what the line says to the reader; nil where it was no part of that.
    private(set) var newlyWritten: String?
    /// What the model wrote, tags included.
    private(set) var text = ""
    /// Tokens decoded.
    private(set) var decodedCount = 0
    /// How it ended; nil while it can go on.
    var outcome: ThreadOutcome?

    private let dialect: Dialect
    private let line: ControlGrammar.Line
    private let label: String
    private var parser: DialectParser
    private var writtenAnswer: WrittenAnswer
    /// Everything decoded and joined since the seed, as a join resends it.
    private var content: [TokenText.Piece] = []
    private var returnTokens: [TokenID] = []
    /// What each thread of the last block handed back, by the number of its outline; empty before the first join.
    private var joinedReturns: [Int: String?] = [:]
    /// Whether ``returnTokens`` are the return's text, which they are where the engine takes ids.
    private var resendsTokens = false
    private var isClosed = false
    private var mayForkAtStart: Bool
    /// In dialects of messages: what the line's next context holds behind its prompt.
    private var plainText = ""
    /// How much of ``plainText`` comes before what the model wrote since the latest join.
    private var joinedBytes = 0
    /// Whether what it returned turned out false.
    private(set) var isRefuted = false

    init(_ dialect: Dialect, line: ControlGrammar.Line, label: String = "", mayFork: Bool) {
        self.dialect = dialect
        self.line = line
        self.label = label
        if case .start = dialect.forkPoint { mayForkAtStart = mayFork && line == .main } else { mayForkAtStart = false }
        // A line's own parser never sees the inside of its threads, so one block at a time is all it may find.
        let limits = DialectParser.Limits(outlines: dialect.maximumOutlines, depth: mayFork ? 1 : 0)
        parser = DialectParser(dialect, line: line, label: label, limits: limits)
        writtenAnswer = WrittenAnswer(dialect)
    }

    /// What was malformed in what the model wrote, in order.
    private(set) var malformed: [MalformedStructure] = []

    /// How far the thinking part has come.
    var thinking: ControlGrammar.Thinking { parser.thinking }

    /// Takes a decoded token and says what structure it completes.
    /// - Parameter byID: whether the engine takes token ids, so that tags are tokens and ids can be resent.
    mutating func take(_ token: DecodedToken, byID: Bool) -> [StructureEvent] {
        decodedCount += 1
        start = .body
        text += token.control ?? token.text
        if dialect.messages != nil { plainText += token.text }
        append(token, byID: byID)
        let wasInReturn = parser.isInReturn
        let wasInOutlines = parser.isInOutlines
        let wasInAnswer = parser.answerSoFar != nil || writtenAnswer.isOpen
        let found = byID || token.control != nil ? parser.consume(token) : parser.consume(text: token.text)
        if wasInReturn, parser.isInReturn { returnTokens.append(token.id) }
        if wasInOutlines || parser.isInOutlines { outlineTokens += 1 }
        for event in found { note(event) }
        newlyWritten = line == .main ? written(by: found, wasInAnswer) : nil
        return found
    }

    /// What the line says to the reader, so far or at its end; nil where that is nothing.
    var written: String? {
        guard line == .main, dialect.answer != .message else { return nil }
        var parser = parser
        return writtenAnswer.whole(parser.finish())
    }

    /// What a token adds to what the line says to the reader.
    private mutating func written(by found: [StructureEvent], _ wasInAnswer: Bool) -> String? {
        switch dialect.answer {
        case .tagged:
            let isClosed = found.contains { if case .answer = $0 { true } else { false } }
            guard wasInAnswer || isClosed || parser.answerSoFar != nil else { return nil }
            return writtenAnswer.take(
                tagged: (isClosed ? answer : parser.answerSoFar) ?? "", isClosed: isClosed,
                mayName: dialect.answersByNumber && !joinedReturns.isEmpty)
        case .boxed:
            let said = writtenAnswer.take(found)
            return wasInAnswer && writtenAnswer.isOpen || !said.isEmpty ? said : nil
        case .message: return nil
        }
    }

    /// Where a decode call can go on under the grammar; nil inside a structure that it cannot enter again.
    var resumption: ControlGrammar.Start? {
        if start != .body || parser.isInFreeText { return start }
        return parser.isInReturn ? .returning(isEmpty: false) : nil
    }

    /// Whether the line is in free text, where a tag may be put in.
    var isInFreeText: Bool { start == .body && parser.isInFreeText }

    /// Takes a tag that the runtime put in, so that the model goes on behind it, and says what structure it completes.
    mutating func insert(_ tag: String) -> [StructureEvent] {
        text += tag
        if dialect.shows == .wholeThreads { content.append(.control(tag)) }
        let found = parser.consume(DecodedToken(id: -1, text: "", control: tag))
        if dialect.answer == .boxed { _ = writtenAnswer.take(found) }
        if tag == dialect.parallel?.open { start = .block }
        if tag == dialect.returns?.open { start = .returning(isEmpty: true) }
        for event in found { note(event) }
        // Not decoded, so it does not count.
        outlineTokens = 0
        return found
    }

    /// Takes over what another line, which did the same work, came to.
    mutating func adopt(_ other: LineState) {
        returned = other.returned
        returnTokens = other.returnTokens
        resendsTokens = other.resendsTokens
        content = other.content
        isClosed = other.isClosed
        text = other.text
    }

    /// Takes over what a method of its own came to.
    mutating func handBack(_ answer: String) {
        returned = " " + answer
        resendsTokens = false
        content = [.text(" " + answer)]
        text = " " + answer
    }

    /// Forgets what the line returned, which turned out false: a join shows it as one that has no return.
    mutating func refute() {
        isRefuted = true
        content = []
        isClosed = false
    }

    /// The threads to fork into where a line forks before anything is decoded; nil elsewhere, and the second time.
    mutating func forkAtStart() -> [Outline]? {
        guard mayForkAtStart else { return nil }
        mayForkAtStart = false
        return unplannedOutlines
    }

    /// Numbers for threads that no outline describes; empty in other dialects.
    var unplannedOutlines: [Outline] {
        (0..<(dialect.unplannedThreads ?? 0)).map { Outline(number: $0 + 1, text: "") }
    }

    /// Takes note that a decode call ended with this tag, and gives the line's outcome.
    mutating func finish(at tag: String) -> ThreadOutcome {
        if let messages = dialect.messages {
            returned = messages.returned(in: String(decoding: plainText.utf8.dropFirst(joinedBytes), as: UTF8.self))
            if line == .main, dialect.answer == .message { answer = returned }
            return .finished
        }
        guard line == .thread else { return .finished }
        let close = dialect.threadTags(label: label)?.close ?? ""
        guard tag == close else {
            dropLastToken()
            return .malformed("\(tag) instead of \(close)")
        }
        isClosed = true
        let lacksReturn = dialect.returns != nil && returned == nil
        return lacksReturn ? .malformed(MalformedStructure.missingReturn.description) : .finished
    }

    /// Takes note that the block's threads came back as this text.
    /// - Parameter returns: what each thread handed back, by its outline's number; nil for one that has no return.
    mutating func joined(_ text: TokenText, returns: [Int: String?]) {
        parser.joined()
        writtenAnswer.joined()
        joinedReturns = returns
        outlines = []
        outlineTokens = 0
        start = dialect.startAfterJoin
        append(text)
    }

    /// Takes note of what the runtime put into the line's context.
    mutating func append(_ text: TokenText) {
        content += text.pieces
    }

    // MARK: Messages

    /// What the line's messages may speak of: everything before its latest list of them.
    var textBeforeMessages: String { plainText.cut(before: dialect.messages?.list.open) }

    /// Whether the last line that was written ends a list of messages, which is how a line spawns.
    var spawns: Bool {
        guard let messages = dialect.messages, !outlines.isEmpty else { return false }
        let lines = plainText.split(separator: "\n", omittingEmptySubsequences: true)
        return lines.last?.contains(messages.list.close) ?? false
    }

    /// Puts what threads handed back in place of their messages, and gives what the line's next context holds behind its
    /// prompt.
    mutating func replaceMessages(by joined: String) -> String {
        plainText = textBeforeMessages + joined
        joinedBytes = plainText.utf8.count
        return plainText
    }

    /// Puts the beginning of a list of messages in place of a joined view that the model began to write, and gives what
    /// the line's next context holds behind its prompt.
    mutating func repairJoin() -> String {
        parser = DialectParser(
            dialect, line: line, label: label, limits: DialectParser.Limits(outlines: dialect.maximumOutlines, depth: 1)
        )
        if let messages = dialect.messages {
            plainText = plainText.cut(before: messages.joined.open) + messages.list.open
            for event in parser.consume(text: messages.list.open) { note(event) }
        }
        return plainText
    }

    // MARK: Joins

    /// What a join may show of the line.
    func joinedThread(_ outline: Outline) -> Dialect.JoinedThread {
        let piece: TokenText.Piece? =
            isUsable ? returned.map { resendsTokens ? .tokens(returnTokens) : .text($0) } : nil
        return Dialect.JoinedThread(outline: outline, returned: piece, content: content, isClosed: isClosed)
    }

    /// The same for people: text in place of token ids.
    func shownThread(_ outline: Outline) -> Dialect.JoinedThread {
        let piece: TokenText.Piece? = isUsable ? returned.map { .text($0) } : nil
        let content: [TokenText.Piece] = isRefuted ? [] : [.text(text)]
        return Dialect.JoinedThread(outline: outline, returned: piece, content: content, isClosed: isClosed)
    }

    /// Whether what it returned may be shown.
    var isUsable: Bool { outcome == .finished && !isRefuted }

    private mutating func append(_ token: DecodedToken, byID: Bool) {
        // Only a dialect that shows whole threads resends them.
        guard dialect.shows == .wholeThreads else {
            resendsTokens = byID && dialect.messages == nil
            return
        }
        if byID {
            if case .tokens(var ids) = content.popLastIfTokens() {
                ids.append(token.id)
                content.append(.tokens(ids))
            } else {
                content.append(.tokens([token.id]))
            }
        } else if let tag = token.control {
            content.append(.control(tag))
        } else if !token.text.isEmpty {
            content.append(.text(token.text))
        }
    }

    /// Takes a tag that ended the line in the wrong place out of what a join resends.
    private mutating func dropLastToken() {
        if case .tokens(var ids) = content.popLastIfTokens() {
            ids.removeLast()
            content.append(.tokens(ids))
        } else if case .control = content.last {
            content.removeLast()
        }
    }

    private mutating func note(_ event: StructureEvent) {
        switch event {
        case .blockOpened:
            outlines = []
            outlineTokens = 1
        case .outline(let outline): outlines.append(outline)
        case .blockClosed:
            // A list of messages is over where the line ends, which is where it spawns.
            if dialect.messages == nil { outlines = [] }
        case .returned(let text): returned = text
        case .answer(let text): answer = resolved(text)
        case .malformed(let what): malformed.append(what)
        case .text, .outlinesClosed, .threadOpened, .returnOpened, .joinOpened, .conclusionOpened, .conclusionClosed,
            .thinkingOpened, .thinkingClosed, .threadClosed, .ended:
            break
        }
    }

    /// An answer's text, or what the thread returned that it names.
    private func resolved(_ text: String) -> String? {
        guard dialect.answersByNumber, text.hasSuffix(dialect.numberSuffix) else { return text }
        let number = AnswerExtractor.trimmed(String(text.dropLast(dialect.numberSuffix.count)))
        guard let number = Int(number), let returned = joinedReturns[number] else { return text }
        return returned
    }
}

extension String {
    /// What stands before the last place of this text; everything where it is nowhere.
    fileprivate func cut(before text: String?) -> String {
        guard let text, !text.isEmpty, let place = ranges(of: text).last else { return self }
        return String(self[..<place.lowerBound])
    }
}

extension [TokenText.Piece] {
    /// Takes the last piece out when it is token ids, so that they can grow without being copied.
    fileprivate mutating func popLastIfTokens() -> TokenText.Piece? {
        if case .tokens = last { popLast() } else { nil }
    }
}
