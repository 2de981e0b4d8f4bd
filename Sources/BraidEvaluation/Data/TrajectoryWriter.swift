import Braid

/// Builds a ``TrainingTrajectory`` in a dialect, piece by piece.
struct TrajectoryWriter {
    /// What a thread does, as demonstrated.
    struct Thread {
        /// The outline's text, without its number; empty where nobody writes outlines.
        var outline = ""
        /// What the thread writes before it says what it found.
        var body: String
        /// What it found; nil for nothing.
        var result: String?
        /// Its number where that is not its place in the list.
        var number: Int?
        /// Whether it is stopped at the end of its body, before it says what it found.
        var isCut = false
    }

    /// What a thread says that found nothing.
    static let nothing = " none"

    private(set) var segments: [TrainingTrajectory.Segment] = []
    private let dialect: Dialect
    private var pending: [TrainingTrajectory.Piece] = []
    private var tip = 0
    private var hasBlock = false

    /// Starts with the question.
    init(question: String, dialect: Dialect) {
        self.dialect = dialect
        append(parent: -1, .prompt, dialect.prompt(for: Question(question)))
        if let think = dialect.think, !dialect.promptEnd.controlTags.contains(think.open) {
            pending.append(.control(think.open))
        }
    }

    /// The main line writes text; where the dialect allows none between blocks, a block of one thread does.
    /// - Parameters:
    ///   - title: what that block's outline says.
    ///   - conclusion: what its conclusion says.
    mutating func write(_ text: String, titled title: String, concluding conclusion: String) {
        if dialect.allowsTextBeforeBlocks {
            pending.append(.text(text))
        } else {
            fork([Thread(outline: title, body: text, result: "")], concluding: conclusion)
        }
    }

    /// The main line forks, the threads run, and come back.
    /// - Parameter conclusion: what the main line concludes from them, in dialects where it does.
    mutating func fork(_ threads: [Thread], concluding conclusion: String) {
        let outlines = threads.enumerated().map { index, thread in
            // Plans of one sign and one digit would be too short for NPR's format score (`grader.py`, lines 394-545).
            let start = dialect.allowsTextBeforeBlocks ? "" : " try"
            let text = start + thread.outline + (dialect.outlineStart.isEmpty ? "" : dialect.separator)
            return Outline(number: thread.number ?? index + 1, text: text)
        }
        if hasBlock, !dialect.allowsTextBeforeBlocks { pending.append(.text(dialect.separator)) }
        hasBlock = true
        pending += dialect.forkingText(outlines).trainingPieces
        flush()
        if !dialect.forkText.pieces.isEmpty {
            append(parent: tip, .main, dialect.forkText)
            tip = segments.count - 1
        }
        let fork = tip
        let joined = zip(threads, outlines).map { thread, outline in
            append(parent: fork, .seed, dialect.seed(for: outline))
            return write(thread, outline)
        }
        if dialect.join == .stitch {
            append(parent: fork, .join, dialect.threadsEnd, stitched: true)
        } else {
            append(parent: fork, .join, dialect.joinedText(joined))
        }
        tip = segments.count - 1
        pending += dialect.blockEndText(concluding: .text(conclusion + dialect.separator)).trainingPieces
    }

    /// The main line answers; nothing follows.
    mutating func answer(_ text: String) {
        switch dialect.answer {
        case .tagged(let pair):
            pending += [.control(pair.open), .text(" \(text)"), .control(pair.close)]
        case .boxed:
            if let think = dialect.think { pending.append(.control(think.close)) }
            pending.append(.text(dialect.separator + Self.boxed(text)))
            end()
        case .message: pending.append(.text(text))
        }
        flush()
    }

    /// The main line answers with what a thread of the last fork found; by its number, where the dialect can.
    mutating func answer(_ text: String, by thread: Int) {
        guard case .tagged(let pair) = dialect.answer, dialect.answersByNumber else {
            if !dialect.opensConclusion { pending.append(.text(" \(thread)\(dialect.numberSuffix)")) }
            answer(text)
            return
        }
        pending += [.control(pair.open), .text("\(thread)\(dialect.numberSuffix)"), .control(pair.close)]
        flush()
    }

    /// The summary after a join was the answer; nothing follows.
    mutating func answerByConclusion() {
        flush()
    }

    /// An answer as text.
    static func boxed(_ answer: String) -> String { "\\boxed{ \(answer)}" }

    // MARK: Pieces

    /// Writes what a thread does, below its seed, and what a join may show of it.
    private mutating func write(_ thread: Thread, _ outline: Outline) -> Dialect.JoinedThread {
        let seed = segments.count - 1
        let returned = thread.result ?? Self.nothing
        guard dialect.returns == nil else {
            let end = dialect.threadEnd(label: outline.label, returning: .text(returned))
            append(parent: seed, .thread, TokenText([.text(thread.body)]) + end, useful: thread.result != nil)
            return .init(outline: outline, returned: .text(returned), content: [], isClosed: true)
        }
        // What the outline says stands before the work, as in dialects whose seeds repeat it.
        var text = (thread.outline.isEmpty ? "" : thread.outline + "\n") + thread.body
        var content = TokenText([.text(text)])
        if !thread.isCut {
            if !returned.isEmpty { text += "\n" + returned }
            content = TokenText([.text(text + dialect.separator)])
            content = content + dialect.threadEnd(label: outline.label, returning: .text(returned))
        }
        append(parent: seed, .thread, content, useful: thread.result != nil)
        if dialect.join == .stitch, !dialect.threadTail.pieces.isEmpty {
            append(parent: segments.count - 1, .thread, dialect.threadTail, isModel: false)
        }
        return .init(outline: outline, returned: nil, content: content.pieces, isClosed: !thread.isCut)
    }

    /// The model ends its text as the prompt ends the user's.
    private mutating func end() {
        let tags = dialect.promptEnd.controlTags.intersection(dialect.ends)
        if let tag = (tags.isEmpty ? dialect.ends : tags).min() { pending.append(.control(tag)) }
    }

    private mutating func append(
        parent: Int, _ kind: TrainingTrajectory.Segment.Kind, _ text: TokenText, isModel: Bool = true,
        useful: Bool? = nil, stitched: Bool? = nil
    ) {
        segments.append(
            .init(
                parent: parent, kind: kind, model: isModel && kind == .thread, useful: useful, stitched: stitched,
                pieces: text.trainingPieces))
    }

    private mutating func flush() {
        guard !pending.isEmpty else { return }
        segments.append(
            .init(
                parent: tip, kind: .main, model: true, useful: nil, stitched: nil, pieces: Self.merged(pending)))
        tip = segments.count - 1
        pending = []
    }

    private static func merged(_ pieces: [TrainingTrajectory.Piece]) -> [TrainingTrajectory.Piece] {
        var merged: [TrainingTrajectory.Piece] = []
        for piece in pieces {
            if case .text(let text) = piece, case .text(let before)? = merged.last {
                merged[merged.count - 1] = .text(before + text)
            } else {
                merged.append(piece)
            }
        }
        return merged
    }
}
