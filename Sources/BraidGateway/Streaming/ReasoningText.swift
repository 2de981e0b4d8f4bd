import Braid

/// Makes of a run's lines one text for people: threads are announced, control tags are left out, and so is the answer,
/// which has a place of its own.
struct ReasoningText: Sendable {
    /// A stretch of the text.
    struct Piece: Sendable, Hashable {
        /// Who wrote it.
        var thread: String
        /// What.
        var text: String
    }

    /// Whether a line break is due before the next text.
    private var breaks = 0
    private var isAtStart = true
    /// Whether the last text ended with a line break.
    private var endsLine = true

    /// Takes a piece in the order of the record, and gives the text that it adds; empty for none.
    mutating func take(_ piece: CanonicalOrder.Piece) -> String {
        switch piece {
        case .began(let thread, let outline):
            guard thread != TrajectoryRecorder.root else { return "" }
            let name = thread.dropFirst(TrajectoryRecorder.root.count + 1)
            breaks = 2
            let subtask = outline.map { AnswerExtractor.trimmed($0.text) } ?? ""
            let head = shown("[thread \(name)]\(subtask.isEmpty ? "" : " \(subtask)")")
            breaks = 1
            return head
        case .ended:
            breaks = 2
            return ""
        case .text(let text, _, let control):
            guard control == nil else {
                breaks = max(breaks, 1)
                return ""
            }
            return shown(text)
        case .answer:
            breaks = max(breaks, 1)
            return ""
        }
    }

    private mutating func shown(_ text: String) -> String {
        guard !text.isEmpty else { return "" }
        var shown = text
        if breaks > 0 {
            while shown.first?.isNewline == true { shown.removeFirst() }
            guard !shown.isEmpty else { return "" }
            if !isAtStart { shown = String(repeating: "\n", count: endsLine ? max(0, breaks - 1) : breaks) + shown }
            breaks = 0
        }
        isAtStart = false
        endsLine = shown.last?.isNewline == true
        return shown
    }
}
