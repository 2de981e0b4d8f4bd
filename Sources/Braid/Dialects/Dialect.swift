/// The control-token syntax that a model family was trained on, as data.
///
/// A dialect says which tags there are, when a line forks, how a thread is seeded, what the parent sees of a thread after
/// the join and in which form. Methods, parser, grammar and run read it; none of them knows a dialect by name.
public struct Dialect: Sendable, Hashable {
    /// When a line forks and into how many threads.
    public enum ForkPoint: Sendable, Hashable {
        /// At the end of the outline list, into one thread for each outline.
        case outlines
        /// At the opening tag of a block, into so many threads that nothing but their draws tells apart.
        case blockOpening(threads: Int)
        /// Before the model writes anything, once, into so many threads.
        case start(threads: Int)
        /// At the end of a list of messages in plain text, into one thread for each; a thread sees its message and nothing
        /// else, the parent only what threads hand back.
        case messages(MessageSyntax)
    }

    /// A summary of a block's threads, which the parent writes after the join.
    public struct Conclusion: Sendable, Hashable {
        /// Its tags.
        public var tags: TagPair
        /// Whether it stands behind the block's closing tag, not before it.
        public var isAfterBlock: Bool

        /// Creates a conclusion.
        public init(_ tags: TagPair, isAfterBlock: Bool = false) {
            self.tags = tags
            self.isAfterBlock = isAfterBlock
        }
    }

    /// How the outlines of a block are numbered.
    public enum Numbering: String, Sendable, Codable, CaseIterable {
        /// From 1 in every block.
        case flat
        /// From 1, behind the label of the thread that the block is in: `1.2` is the second outline within thread 1.
        case dotted
    }

    /// Whether an outline may say which outlines it comes after.
    public enum Dependencies: String, Sendable, Codable, CaseIterable {
        /// It may not; words that say so are malformed.
        case none
        /// It is understood where a model writes it, and the control grammar keeps a model from writing it that has never
        /// been shown how.
        case read
        /// The control grammar offers it.
        case written
    }

    /// What of a thread the join shows to the parent.
    public enum JoinedContent: String, Sendable, Codable, CaseIterable {
        /// Only the thread's return.
        case returns
        /// Everything the thread wrote.
        case wholeThreads
    }

    /// In which form threads come back.
    public enum Join: String, Sendable, Codable, CaseIterable {
        /// Text is appended and attended to with plain causal attention; positions are those of one text.
        case reprefill
        /// The threads' own keys and values are adopted: all threads start at the position of the fork, none sees another,
        /// and the parent goes on after the longest.
        case stitch
    }

    /// Who writes the closing tag of a parallel block.
    public enum BlockEnd: String, Sendable, Codable {
        /// The runtime appends it at the join, or there is none.
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
        /// In what a line hands back by ``MessageSyntax/returned(in:)``.
        case message
    }

    /// Short name, such as `braid`.
    public var name: String
    /// What stands before the user's text.
    public var promptStart: TokenText
    /// What stands between the user's text and the model's first token.
    public var promptEnd: TokenText
    /// When a line forks.
    public var forkPoint: ForkPoint
    /// Tags of a parallel block; nil when the outline list, or the first thread, begins it.
    public var parallel: TagPair?
    /// Tags of the outline list; nil when there is none.
    public var outlines: TagPair?
    /// Tags of one outline; nil when there are none.
    public var outline: TagPair?
    /// Tags of a thread, in which `{n}` stands for its label; nil where threads are told apart by messages.
    public var thread: TagPair?
    /// Tags of what a thread hands back; nil when threads hand back everything.
    public var returns: TagPair?
    /// A summary after the threads; nil when there is none.
    public var conclusion: Conclusion?
    /// Tags of the thinking part; nil when there is none.
    public var think: TagPair?
    /// Where the answer stands.
    public var answer: AnswerForm
    /// Tags that end the main line; an engine must have at least one of them.
    public var ends: Set<String>
    /// Plain text between two structural tags, such as a newline; may be empty.
    public var separator: String
    /// Plain text between an outline's opening tag and its label.
    public var outlineStart: String
    /// Plain text between a label and what it labels.
    public var numberSuffix: String
    /// How outlines are numbered.
    public var numbering: Numbering
    /// Whether an outline may say which outlines it comes after.
    public var dependencies: Dependencies
    /// What the runtime appends to the parent before it forks, shared by all threads.
    public var forkText: TokenText
    /// What a thread's context gets before the model goes on in it; `{n}` stands for its label and `{outline}` for its
    /// outline's text.
    public var threadSeed: TokenText
    /// For ``JoinedContent/wholeThreads``: what stands before the second and later threads in the joined text, with the
    /// same placeholders; the first has ``threadSeed``.
    public var laterJoinedSeed: TokenText
    /// For ``JoinedContent/wholeThreads``: what closes a thread that did not close itself, with the same placeholders.
    public var cutThreadEnd: TokenText
    /// For ``JoinedContent/wholeThreads``: what the runtime appends to every thread once it is closed.
    public var threadTail: TokenText
    /// What the runtime appends to the parent after the threads: as much of the block's end as the model does not write,
    /// and the beginning of its conclusion.
    public var threadsEnd: TokenText
    /// What of a thread the join shows.
    public var shows: JoinedContent
    /// In which form threads come back, and with it the rule of positions.
    public var join: Join
    /// How deep blocks may nest; 1 where only the main line forks.
    public var maximumDepth: Int
    /// What the join shows in place of the return of a thread that has none.
    public var failedReturn: String
    /// Most threads of one block.
    public var maximumOutlines: Int
    /// Least tokens that must be left to a line that forks; with fewer it goes on in sequence.
    public var minimumForkTokens: Int
    /// Whether anything but white space may stand in the main line before a block.
    public var allowsTextBeforeBlocks: Bool
    /// Whether an answer that is only a thread's number and ``numberSuffix`` stands for what that thread of the last block
    /// returned.
    public var answersByNumber: Bool

    /// Creates a dialect from its parts.
    /// - Parameter laterJoinedSeed: nil for the same as `threadSeed`.
    public init(
        name: String, promptStart: TokenText = TokenText(), promptEnd: TokenText = TokenText(),
        forkPoint: ForkPoint = .outlines, parallel: TagPair? = nil, outlines: TagPair? = nil, outline: TagPair? = nil,
        thread: TagPair? = nil, returns: TagPair? = nil, conclusion: Conclusion? = nil, think: TagPair? = nil,
        answer: AnswerForm, ends: Set<String>, separator: String = "", outlineStart: String = "",
        numberSuffix: String = ":", numbering: Numbering = .flat, dependencies: Dependencies = .none,
        forkText: TokenText = TokenText(), threadSeed: TokenText = TokenText(), laterJoinedSeed: TokenText? = nil,
        cutThreadEnd: TokenText = TokenText(), threadTail: TokenText = TokenText(),
        threadsEnd: TokenText = TokenText(), shows: JoinedContent, join: Join, maximumDepth: Int = 1,
        failedReturn: String = "", maximumOutlines: Int, minimumForkTokens: Int = 0,
        allowsTextBeforeBlocks: Bool = true, answersByNumber: Bool = false
    ) {
        self.name = name
        self.promptStart = promptStart
        self.promptEnd = promptEnd
        self.forkPoint = forkPoint
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
        self.outlineStart = outlineStart
        self.numberSuffix = numberSuffix
        self.numbering = numbering
        self.dependencies = dependencies
        self.forkText = forkText
        self.threadSeed = threadSeed
        self.laterJoinedSeed = laterJoinedSeed ?? threadSeed
        self.cutThreadEnd = cutThreadEnd
        self.threadTail = threadTail
        self.threadsEnd = threadsEnd
        self.shows = shows
        self.join = join
        self.maximumDepth = maximumDepth
        self.failedReturn = failedReturn
        self.maximumOutlines = maximumOutlines
        self.minimumForkTokens = minimumForkTokens
        self.allowsTextBeforeBlocks = allowsTextBeforeBlocks
        self.answersByNumber = answersByNumber
    }

    /// The same structure in the frame of another dialect: its prompt, thinking part, answer and ends. For a model that
    /// was trained on several structures behind one prompt. A thread of messages is asked as if its message were a question.
    public func framed(by frame: Dialect) -> Dialect {
        var dialect = self
        dialect.promptStart = frame.promptStart
        dialect.promptEnd = frame.promptEnd
        dialect.think = frame.think
        dialect.answer = frame.answer
        dialect.ends = frame.ends
        if var messages {
            let message = messages.childPrompt.pieces.filter { if case .text = $0 { true } else { false } }
            messages.childPrompt = frame.promptStart + TokenText(message) + frame.promptEnd
            dialect.forkPoint = .messages(messages)
        }
        return dialect
    }
}
