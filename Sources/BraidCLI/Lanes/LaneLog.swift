import Braid

/// Tells a run's events as plain lines, for files and pipes: threads started, finished, joined.
struct LaneLog {
    private var board = LaneBoard()

    /// Starts with nothing told.
    init() {}

    /// The line for an event, without its newline; nil when it is not worth one.
    mutating func line(for event: ReasoningEvent) -> String? {
        board.take(event)
        switch event {
        case .threadStarted(let id, let outline):
            guard let outline else { return "thread \(id) started" }
            return "thread \(id) started: \(Self.shown(outline.text))"
        case .threadFinished(let id, let outcome, let returned) where id != TrajectoryRecorder.root:
            var line = "thread \(id) \(SafeText.line(outcome.description))"
            // A count that misses tokens would be wrong; the figures at the end are not.
            if !board.hasGaps, let count = board[id]?.tokenCount { line += " (\(count) tokens)" }
            if let returned { line += ": \(Self.shown(returned))" }
            return line
        case .joined(let id, let threads, _):
            let what = threads.count == 1 ? "1 thread" : "\(threads.count) threads"
            return "\(what) joined into \(id == TrajectoryRecorder.root ? "the main line" : "thread \(id)")"
        case .decided(let decision):
            let what = "\(decision.action.rawValue): \(Self.shown(decision.reason))"
            return
                "controller, \(decision.thread == TrajectoryRecorder.root ? "main line" : "thread \(decision.thread)"): \(what)"
        case .malformed(let id, let what): return "thread \(id) malformed: \(SafeText.line(what.description))"
        case .runStarted, .prefilled, .threadFinished, .token, .forked, .budgetCut, .answered, .tokensDropped:
            return nil
        }
    }

    private static func shown(_ text: String) -> String {
        AnswerExtractor.trimmed(SafeText.line(text)).head(columns: 200)
    }
}
