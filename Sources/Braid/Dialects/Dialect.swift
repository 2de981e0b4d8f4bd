/// The control-token syntax that a model family was trained on, as data.
///
/// A dialect says which tags there are, how a thread is seeded, what the parent sees of a thread after the join and in
/// which form. Methods, parser, grammar and run read it; none of them knows a dialect by name.
public struct Dialect: Sendable, Hashable {
    /// What of a thread the join shows to the parent.
    public enum JoinedContent: String, Sendable, Codable {
        /// Only the thread's return.
        case returns
        /// Everything the thread wrote.
        case wholeThreads
    }

    /// In which form threads come back.
    public enum Join: String, Sendable, Codable {
        /// Text is appended and attended to with plain causal attention.
        case reprefill
        /// The threads' own keys and values are adopted.
        case stitch
    }

    /// Who writes the closing tag of a parallel block.
    public enum BlockEnd: String, Sendable, Codable {
        /// The runtime appends it at the join.
        case runtime
        /// The model writes it after the join.
        case model
    }

    /// Where the answer stands.
    public enum AnswerForm: Sendable, Hashable {
        /// Between two tags.
        case tagged(TagPair)
        /// In the last `\boxed{}` of the text after the thinking ended.
        case boxed
    }

    /// Short name, such as `braid`.
    public var name: String
    /// What stands before the user's text.
    public var promptStart: TokenText
    /// What stands between the user's text and the model's first token.
    public var promptEnd: TokenText
    /// Tags of a parallel block.
    public var parallel: TagPair
    /// Tags of the outline list.
    public var outlines: TagPair
    /// Tags of one outline.
    public var outline: TagPair
    /// Tags of a thread.
    public var thread: TagPair
    /// Tags of what a thread hands back; nil when threads hand back everything.
    public var returns: TagPair?
    /// Tags of an optional summary after the threads.
    public var conclusion: TagPair?
    /// Tags of the thinking part; nil when there is none.
    public var think: TagPair?
    /// Where the answer stands.
    public var answer: AnswerForm
    /// Tags that end the main line; an engine must have at least one of them.
    public var ends: Set<String>
    /// Plain text between two structural tags, such as a newline; may be empty.
    public var separator: String
    /// Plain text between an outline's number and its text.
    public var numberSuffix: String
    /// What a thread's context gets before the model goes on in it; `{n}` stands for the outline's number and
    /// `{outline}` for its text.
    public var threadSeed: TokenText
    /// For ``JoinedContent/wholeThreads``: what stands before the second and later threads in the joined text, with the
    /// same placeholders; the first has ``threadSeed``.
    public var laterJoinedSeed: TokenText
    /// For ``JoinedContent/wholeThreads``: what closes a thread that was cut.
    public var cutThreadEnd: TokenText
    /// What the runtime appends after the threads, before the block's end.
    public var threadsEnd: TokenText
    /// What of a thread the join shows.
    public var shows: JoinedContent
    /// In which form threads come back.
    public var join: Join
    /// Who writes the block's end.
    public var blockEnd: BlockEnd
    /// Whether a thread may fork.
    public var nests: Bool
    /// What the join shows in place of the return of a thread that has none.
    public var failedReturn: String
    /// Most outlines in one block.
    public var maximumOutlines: Int
    /// Whether an answer that is only a thread's number and ``numberSuffix`` stands for what that thread of the last block
    /// returned.
    public var answersByNumber: Bool

    /// Creates a dialect from all its parts.
    public init(
        name: String, promptStart: TokenText, promptEnd: TokenText, parallel: TagPair, outlines: TagPair,
        outline: TagPair, thread: TagPair, returns: TagPair?, conclusion: TagPair?, think: TagPair?,
        answer: AnswerForm, ends: Set<String>, separator: String, numberSuffix: String, threadSeed: TokenText,
        laterJoinedSeed: TokenText, cutThreadEnd: TokenText, threadsEnd: TokenText, shows: JoinedContent, join: Join,
        blockEnd: BlockEnd, nests: Bool, failedReturn: String, maximumOutlines: Int, answersByNumber: Bool
    ) {
        self.name = name
        self.promptStart = promptStart
        self.promptEnd = promptEnd
        self.parallel = parallel
        self.outlines = outlines
        self.outline = outline
        self.thread = thread
        self.returns = returns
        self.conclusion = conclusion
        self.think = think
        self.answer = answer
        self.ends = ends
        self.separator = separator
        self.numberSuffix = numberSuffix
        self.threadSeed = threadSeed
        self.laterJoinedSeed = laterJoinedSeed
        self.cutThreadEnd = cutThreadEnd
        self.threadsEnd = threadsEnd
        self.shows = shows
        self.join = join
        self.blockEnd = blockEnd
        self.nests = nests
        self.failedReturn = failedReturn
        self.maximumOutlines = maximumOutlines
        self.answersByNumber = answersByNumber
    }

    /// Tags without which not even a sequential answer is possible; ``ends`` is not among them.
    public var sequentialTags: Set<String> {
        var tags = (promptStart + promptEnd).controlTags
        if let think { tags.formUnion([think.open, think.close]) }
        if case .tagged(let pair) = answer { tags.formUnion([pair.open, pair.close]) }
        return tags
    }

    /// Tags that a run which may fork needs; ``ends`` and ``conclusion`` are not among them.
    public var forkingTags: Set<String> {
        var tags = sequentialTags
        for pair in [parallel, outlines, outline, thread] { tags.formUnion([pair.open, pair.close]) }
        if let returns { tags.formUnion([returns.open, returns.close]) }
        return tags
    }

    /// Every tag of the dialect.
    public var allTags: Set<String> {
        var tags = forkingTags.union(ends)
        if let conclusion { tags.formUnion([conclusion.open, conclusion.close]) }
        return tags
    }

    /// The prompt for a question; the question's text stays text, whatever it contains.
    public func prompt(for question: Question) -> TokenText {
        promptStart + TokenText([.text(question.text)]) + promptEnd
    }

    /// What the thread of an outline starts with.
    /// - Parameter returned: what the threads handed back that this outline comes after, in the order of ``Outline/after``.
    public func seed(for outline: Outline, after returned: [(number: Int, content: TokenText.Piece)] = []) -> TokenText
    {
        TokenText(returned.flatMap { returnPieces(number: $0.number, content: $0.content) })
            + Self.fill(threadSeed, with: outline)
    }

    /// One return as the parent sees it: opening tag, number, the return's own tokens, closing tag.
    func returnPieces(number: Int, content: TokenText.Piece) -> [TokenText.Piece] {
        let label = TokenText.Piece.text("\(number)\(numberSuffix)")
        guard let returns else { return [label, content] }
        return [.control(returns.open), label, content, .control(returns.close)]
    }

    /// What the parent sees at the join of threads in outline order.
    func joinedText(_ threads: [JoinedThread]) -> TokenText {
        joinedTextBeginning(threads) + blockEndText
    }

    /// What the joined text begins with, once the first threads in outline order have ended.
    func joinedTextBeginning(_ threads: [JoinedThread]) -> TokenText {
        var joined = TokenText()
        for (index, thread) in threads.enumerated() {
            switch shows {
            case .returns:
                let content = thread.returned ?? .text(failedReturn)
                joined.pieces += returnPieces(number: thread.outline.number, content: content)
            case .wholeThreads:
                joined.pieces += Self.fill(index == 0 ? threadSeed : laterJoinedSeed, with: thread.outline).pieces
                joined.pieces += thread.content
                if !thread.isClosed { joined.pieces += cutThreadEnd.pieces }
            }
        }
        return joined
    }

    /// What the runtime appends after the threads: ``threadsEnd`` and, where that is its task, the block's closing tag.
    var blockEndText: TokenText {
        blockEnd == .runtime ? threadsEnd + TokenText([.control(parallel.close)]) : threadsEnd
    }

    /// What of one thread a join may show.
    struct JoinedThread {
        /// Its outline.
        var outline: Outline
        /// Its return, if it has one.
        var returned: TokenText.Piece?
        /// Everything after its seed.
        var content: [TokenText.Piece]
        /// Whether its content ends with the thread's closing tag.
        var isClosed: Bool
    }

    /// Replaces `{n}` and `{outline}` in the template's text in one pass, so an outline's own braces stay.
    private static func fill(_ template: TokenText, with outline: Outline) -> TokenText {
        TokenText(
            template.pieces.map { piece in
                guard case .text(let text) = piece else { return piece }
                var filled = ""
                var rest = text[...]
                while let brace = rest.firstIndex(of: "{") {
                    filled += rest[..<brace]
                    rest = rest[brace...]
                    if rest.hasPrefix("{n}") {
                        filled += String(outline.number)
                        rest = rest.dropFirst(3)
                    } else if rest.hasPrefix("{outline}") {
                        filled += outline.text
                        rest = rest.dropFirst(9)
                    } else {
                        filled += "{"
                        rest = rest.dropFirst()
                    }
                }
                return .text(filled + rest)
            })
    }
}
