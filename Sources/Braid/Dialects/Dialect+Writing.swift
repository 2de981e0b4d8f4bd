/// What runtime and model write in a dialect.
extension Dialect {
    /// What of one thread a join may show.
    public struct JoinedThread: Sendable, Hashable {
        /// Its outline; one that only has a number where nobody wrote any.
        public var outline: Outline
        /// Its return, if it has one.
        public var returned: TokenText.Piece?
        /// Everything after its seed.
        public var content: [TokenText.Piece]
        /// Whether its content ends with the thread's closing tag.
        public var isClosed: Bool

        /// Creates what a join may show.
        public init(outline: Outline, returned: TokenText.Piece?, content: [TokenText.Piece], isClosed: Bool) {
            self.outline = outline
            self.returned = returned
            self.content = content
            self.isClosed = isClosed
        }
    }

    /// The prompt for a question; the question's text stays text, whatever it contains.
    public func prompt(for question: Question) -> TokenText {
        promptStart + TokenText([.text(question.text)]) + promptEnd
    }

    /// What the model writes to fork: from the block's opening to the tag at which the run forks. Empty where it does not
    /// fork by tags.
    public func forkingText(_ outlines: [Outline]) -> TokenText {
        var pieces: [TokenText.Piece] = []
        let gap: [TokenText.Piece] = separator.isEmpty ? [] : [.text(separator)]
        switch forkPoint {
        case .start: break
        case .blockOpening: if let parallel { pieces.append(.control(parallel.open)) }
        case .messages(let syntax): pieces.append(.text(syntax.list(outlines)))
        case .outlines:
            if let parallel { pieces += [.control(parallel.open)] + gap }
            guard let list = self.outlines, let pair = outline else { break }
            pieces += [.control(list.open)] + gap
            for outline in outlines {
                let after =
                    outline.after.isEmpty
                    ? "" : OutlineHeader.after + outline.after.map { "\($0)" }.joined(separator: ",")
                let text = outlineStart + outline.label + after + numberSuffix + outline.text
                pieces += [.control(pair.open), .text(text), .control(pair.close)] + gap
            }
            pieces.append(.control(list.close))
        }
        return TokenText(pieces)
    }

    /// What the thread of an outline starts with.
    /// - Parameter earlier: the threads that this outline comes after, in the order of ``Outline/after``.
    public func seed(for outline: Outline, after earlier: [JoinedThread] = []) -> TokenText {
        joinedTextBeginning(earlier) + Template.fill(threadSeed, Self.values(outline))
    }

    /// What the model writes to end a thread.
    /// - Parameter returned: what it hands back; ignored in dialects without returns.
    public func threadEnd(label: String, returning returned: TokenText.Piece) -> TokenText {
        var pieces: [TokenText.Piece] = []
        if let returns { pieces += [.control(returns.open), returned, .control(returns.close)] }
        if let tags = threadTags(label: label) { pieces.append(.control(tags.close)) }
        return TokenText(pieces)
    }

    /// What the runtime appends to a thread whose keys and values are adopted.
    func stitchedEnd(label: String, isClosed: Bool) -> TokenText {
        (isClosed ? TokenText() : Template.fill(cutThreadEnd, ["n": label])) + threadTail
    }

    /// What the parent sees at the join of threads in outline order, what follows them included. For a stitched join, as
    /// text for people: no such text is tokenised.
    public func joinedText(_ threads: [JoinedThread]) -> TokenText {
        guard let messages else { return joinedTextBeginning(threads) + threadsEnd }
        return TokenText([.text(messages.joined(threads))])
    }

    /// What the joined text begins with, once the first threads in outline order have ended.
    func joinedTextBeginning(_ threads: [JoinedThread]) -> TokenText {
        var joined = TokenText()
        for (index, thread) in threads.enumerated() {
            switch shows {
            case .returns:
                let content = thread.returned ?? .text(failedReturn)
                joined.pieces += returnPieces(label: thread.outline.label, content: content)
            case .wholeThreads:
                let seed = index == 0 || join == .stitch ? threadSeed : laterJoinedSeed
                joined.pieces += Template.fill(seed, Self.values(thread.outline)).pieces
                joined.pieces += thread.content
                joined.pieces += stitchedEnd(label: thread.outline.label, isClosed: thread.isClosed).pieces
            }
        }
        return joined
    }

    /// What the model writes between a join and the free text behind the block.
    /// - Parameter conclusion: its summary; ignored in dialects without one.
    public func blockEndText(concluding conclusion: TokenText.Piece) -> TokenText {
        var pieces: [TokenText.Piece] = []
        let gap: [TokenText.Piece] = separator.isEmpty ? [] : [.text(separator)]
        if opensConclusion, let tags = self.conclusion?.tags { pieces += [conclusion, .control(tags.close)] }
        if blockEnd == .model, let parallel {
            pieces += (opensConclusion ? gap : []) + [.control(parallel.close)]
        }
        return TokenText(pieces)
    }

    /// One return as the parent sees it: opening tag, label, the return's own tokens, closing tag.
    private func returnPieces(label: String, content: TokenText.Piece) -> [TokenText.Piece] {
        let label = TokenText.Piece.text(label + numberSuffix)
        guard let returns else { return [label, content] }
        return [.control(returns.open), label, content, .control(returns.close)]
    }

    private static func values(_ outline: Outline) -> [String: String] {
        ["n": outline.label, "outline": outline.text]
    }
}
