/// What a line says to the reader, as it is written: what stands between the answer's tags, or everything behind the
/// thinking.
///
/// What it gives out it never takes back. White space waits for the next word; a number that may name a thread waits for
/// the closing tag; and where no tag tells thoughts from the answer, the text behind the last block waits for the end.
struct WrittenAnswer: Sendable {
    /// Everything given out.
    private(set) var text = ""

    private let dialect: Dialect
    /// White space that is the end, or stands before the next word.
    private var space = ""
    /// Bytes between the answer's tags that were looked at.
    private var taken = 0
    private var thinking: ControlGrammar.Thinking = .before
    /// What was written since the last block, as long as nothing says whether it is thought or said.
    private var undecided = ""
    private var blocks = 0
    private var isInConclusion = false

    /// Begins an empty answer.
    init(_ dialect: Dialect) {
        self.dialect = dialect
    }

    /// Whether what is written now belongs to it, and can be given out.
    var isOpen: Bool { thinking == .over && blocks == 0 && !isInConclusion }

    /// Takes what stands between the answer's tags, and gives what is new and certain of it.
    /// - Parameters:
    ///   - soFar: from the opening tag; where the closing tag is written, what the answer stands for.
    ///   - mayName: whether a number stands for what a thread returned.
    mutating func take(tagged soFar: String, isClosed: Bool, mayName: Bool) -> String {
        if !isClosed, mayName, mayBeNumber(soFar) { return "" }
        let new = String(decoding: soFar.utf8.dropFirst(taken), as: UTF8.self)
        taken = soFar.utf8.count
        return say(new)
    }

    /// Takes structure, where the answer has no tags, and gives what is new and certain.
    mutating func take(_ events: [StructureEvent]) -> String {
        var said = ""
        for event in events {
            switch event {
            case .thinkingOpened:
                thinking = .inside
                undecided = ""
            case .thinkingClosed: thinking = .over
            case .blockOpened:
                blocks += 1
                undecided = ""
            case .blockClosed: blocks = max(0, blocks - 1)
            case .conclusionOpened: openConclusion()
            case .conclusionClosed: isInConclusion = false
            case .text(let text) where isOpen: said += say(text)
            case .text(let text) where thinking == .before && blocks == 0 && !isInConclusion: undecided += text
            case .text, .outline, .outlinesClosed, .threadOpened, .returnOpened, .returned, .joinOpened, .threadClosed,
                .answer, .ended, .malformed:
                break
            }
        }
        return said
    }

    /// Takes note that the runtime has brought a block's threads back.
    mutating func joined() {
        blocks = 0
        undecided = ""
        if dialect.opensConclusion { openConclusion() }
    }

    /// Everything, at the line's end.
    /// - Parameter rest: structure that came with the end.
    /// - Returns: nil where nothing was said.
    func whole(_ rest: [StructureEvent]) -> String? {
        var end = self
        if dialect.answer == .boxed {
            _ = end.take(rest)
            if end.text.isEmpty, end.thinking == .before { _ = end.say(end.undecided) }
        }
        return end.text.isEmpty ? nil : end.text
    }

    /// A conclusion that ends the line is what it says to the reader; any other one is for the line itself.
    private mutating func openConclusion() {
        guard let conclusion = dialect.conclusion else { return }
        if dialect.ends.contains(conclusion.tags.close) {
            thinking = .over
        } else {
            isInConclusion = true
        }
    }

    private mutating func say(_ new: String) -> String {
        guard new.contains(where: { !$0.isWhitespace }) else {
            space += new
            return ""
        }
        var words = (space + new)[...]
        if text.isEmpty { words = words.drop { $0.isWhitespace } }
        let end = words.lastIndex { !$0.isWhitespace }.map { words.index(after: $0) } ?? words.startIndex
        space = String(words[end...])
        let said = String(words[..<end])
        text += said
        return said
    }

    private func mayBeNumber(_ text: String) -> Bool {
        var rest = text[...].drop { $0.isWhitespace }
        if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
        rest = rest.drop { $0.isASCII && $0.isNumber }.drop { $0.isWhitespace }
        return dialect.numberSuffix.hasPrefix(rest)
    }
}
