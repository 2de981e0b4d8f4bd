import Braid
import Testing

/// A line of a finished run, read once more from its record: what the model wrote goes through the dialect's parser again,
/// which must find the structure that the record has.
struct RecordedLine {
    /// Where a line stands in its run.
    struct Place {
        var depth = 0
        var line = ControlGrammar.Line.main
        var label = ""
        var mayFork: Bool
    }

    private let dialect: Dialect
    private let budget: Budget
    private let record: ReasoningThread
    private let place: Place
    private var parser: DialectParser
    /// What was found since the line began, or its last fork.
    private var outlines: [Outline] = []
    private var blocks = 0
    private(set) var malformed: [MalformedStructure] = []
    private var returned: String?
    private var answered: String?
    private var text = ""
    private var written = ""
    private var lastFork: Fork?
    private var isForked = false
    /// Decoded and prefilled tokens of this line alone.
    private(set) var decoded = 0
    private(set) var prefilled = 0
    /// Lines forked from it.
    private(set) var threads: [RecordedLine] = []

    /// Reads a line and everything below it.
    init(_ record: ReasoningThread, _ dialect: Dialect, _ budget: Budget, at place: Place) throws {
        (self.dialect, self.budget, self.record, self.place) = (dialect, budget, record, place)
        parser = Self.parser(dialect, place)
        for step in record.steps {
            switch step {
            case .segment(let segment): take(segment)
            case .fork(let fork): try take(fork)
            }
        }
        end()
    }

    /// The line and everything below it.
    var all: [RecordedLine] { [self] + threads.flatMap(\.all) }

    /// What the main line answers by its own structure.
    var answer: String? {
        var tagged = dialect.answer == .message ? dialect.messages?.returned(in: written) : answered
        if dialect.answersByNumber, let name = tagged, name.hasSuffix(dialect.numberSuffix),
            let number = Int(AnswerExtractor.trimmed(String(name.dropLast(dialect.numberSuffix.count)))),
            let thread = lastFork?.threads.first(where: { $0.outline?.number == number })
        {
            tagged = thread.outcome == .finished ? thread.returned : nil
        }
        return AnswerExtractor(dialect).answer(tagged: tagged, in: text)
    }

    private static func parser(_ dialect: Dialect, _ place: Place) -> DialectParser {
        DialectParser(
            dialect, line: place.line, label: place.label,
            limits: DialectParser.Limits(outlines: dialect.maximumOutlines, depth: place.mayFork ? 1 : 0))
    }

    private mutating func take(_ segment: Segment) {
        #expect(segment.tokenCount >= 0 && segment.start <= segment.end)
        switch segment.origin {
        case .model:
            #expect(segment.tokens?.count == segment.tokenCount)
            #expect(segment.logProbabilities.map { $0.count == segment.tokenCount } ?? true)
            decoded += segment.tokenCount
            read(segment.text)
        case .inserted:
            prefilled += segment.tokenCount
            read(segment.text)
        case .joined:
            prefilled += segment.tokenCount
            // What the runtime puts in before a fork, and behind a thread, is no join.
            guard isForked else { return }
            isForked = false
            written = ""
            parser.joined()
        case .prompt, .seed: prefilled += segment.tokenCount
        }
    }

    private mutating func read(_ text: String) {
        self.text += text
        var rest = text[...]
        let end = dialect.ends.first { rest.hasSuffix($0) }
        if let end { rest = rest.dropLast(end.count) }
        written += rest
        note(parser.consume(text: String(rest)))
        if let end { note(parser.consume(DecodedToken(id: -1, text: "", control: end))) }
    }

    private mutating func note(_ events: [StructureEvent]) {
        for event in events {
            switch event {
            case .blockOpened:
                blocks += 1
                outlines = []
            case .outline(let outline): outlines.append(outline)
            case .returned(let text): returned = text
            case .answer(let text): answered = text
            case .malformed(let what): malformed.append(what)
            default: break
            }
        }
    }

    private mutating func take(_ fork: Fork) throws {
        #expect(place.mayFork || dialect.forkPoint != .outlines, "\(record.id) forks and may not")
        // A list of messages ends where its call does.
        if dialect.messages != nil { note(parser.finish()) }
        switch dialect.forkPoint {
        case .outlines, .messages:
            if !fork.outlines.isEmpty {
                #expect(fork.outlines == outlines, "\(record.id)")
                #expect(fork.threads.map(\.outline) == outlines.map { $0 })
            }
        case .blockOpening(let count), .start(let count):
            #expect(fork.outlines.isEmpty && fork.threads.count == count)
        }
        // A method that draws whole answers forks lines like its own.
        let isSample = dialect.forkPoint == .outlines && fork.outlines.isEmpty
        for (index, thread) in fork.threads.enumerated() {
            let depth = place.depth + 1
            let line = isSample ? place.line : .thread
            threads.append(
                try RecordedLine(
                    thread, dialect, budget,
                    at: Place(
                        depth: depth, line: line, label: isSample ? "" : thread.outline?.label ?? String(index + 1),
                        mayFork: place.mayFork && (line == .main || depth < dialect.maximumDepth)
                            && depth < budget.maximumDepth)))
        }
        lastFork = fork
        isForked = true
        outlines = []
        if dialect.messages != nil { parser = Self.parser(dialect, place) }
    }

    /// Looks at how the line ended.
    private mutating func end() {
        guard let outcome = record.outcome else {
            Issue.record("\(record.id) never ended")
            return
        }
        #expect(place.depth <= budget.maximumDepth)
        #expect(place.depth == 0 || decoded <= budget.tokensPerThread)
        switch outcome {
        case .finished:
            note(parser.finish())
            let handedBack =
                dialect.messages.map { $0.returned(in: written) } ?? (place.line == .thread ? returned : nil)
            #expect(record.returned == handedBack.map(AnswerExtractor.trimmed), "\(record.id)")
        case .tokenLimit, .contextFull, .cancelled: break
        case .failed(let why):
            // For want of threads, or of what its message names; a main line by the decision of its method.
            let isUnstarted =
                record.steps.isEmpty && (why.hasPrefix("not started") || why.hasPrefix("its message names"))
            #expect(isUnstarted || place.depth == 0, "\(record.id): \(why)")
        case .timedOut, .malformed: Issue.record("\(record.id): \(outcome)")
        }
    }
}
