/// A trajectory as plain text for a terminal: one line per segment, threads indented under their fork.
///
///     0  finished  57 tokens
///     ├─ prompt 12  <Question>12 + 30 + 5</Question>
///     ├─ model 21  I split this.<Parallel><Outlines>...
///     ├─ fork into 2 threads, joined by reprefill
///     │  ├─ 0.1: 12 + 30  finished  9 tokens
///     ...
public struct TrajectoryTree: Sendable, Hashable, CustomStringConvertible {
    private let trajectory: Trajectory
    private let width: Int
    private let countsTokens: Bool

    /// Prepares a rendering.
    /// - Parameters:
    ///   - width: most characters of a line, at least 40; longer text is cut and ends with `…`.
    ///   - countsTokens: false leaves token counts out, for trajectories that were never tokenised.
    public init(_ trajectory: Trajectory, width: Int = 100, countsTokens: Bool = true) {
        self.trajectory = trajectory
        self.countsTokens = countsTokens
        self.width = max(40, width)
    }

    /// The lines, each ended by a newline.
    ///
    /// Control characters of what users and models wrote are shown as `·`, so that no text can steer the terminal.
    public var description: String {
        var lines: [String] = []
        add(trajectory.root, head: "", tail: "", to: &lines)
        return lines.map { $0 + "\n" }.joined()
    }

    private func add(_ thread: ReasoningThread, head: String, tail: String, to lines: inout [String]) {
        let decoded = thread.steps.reduce(0) { sum, step in
            if case .segment(let segment) = step, segment.origin == .model { sum + segment.tokenCount } else { sum }
        }
        let subtask = thread.outline.map { ":" + $0.text } ?? ""
        let outcome = thread.outcome?.description ?? "unfinished"
        let tokens = countsTokens ? "  \(decoded) tokens" : ""
        lines.append(cut("\(head)\(thread.id)\(subtask)  \(outcome)\(tokens)"))
        for (index, step) in thread.steps.enumerated() {
            let isLast = index == thread.steps.count - 1 && thread.returned == nil
            let branch = tail + (isLast ? "└─ " : "├─ ")
            switch step {
            case .segment(let segment):
                let count = countsTokens ? " \(segment.tokenCount)" : ""
                lines.append(cut("\(branch)\(segment.origin.rawValue)\(count)  \(segment.text)"))
            case .fork(let fork):
                let join = fork.join.map { "joined by \($0.rawValue)" } ?? "not joined"
                let count = fork.threads.count == 1 ? "1 thread" : "\(fork.threads.count) threads"
                lines.append(cut("\(branch)fork into \(count), \(join)"))
                let inner = tail + (isLast ? "   " : "│  ")
                for (number, child) in fork.threads.enumerated() {
                    let isLastChild = number == fork.threads.count - 1
                    add(
                        child, head: inner + (isLastChild ? "└─ " : "├─ "), tail: inner + (isLastChild ? "   " : "│  "),
                        to: &lines)
                }
            }
        }
        if let returned = thread.returned { lines.append(cut("\(tail)└─ returned  \(returned)")) }
    }

    private func cut(_ line: String) -> String {
        var shown = ""
        var count = 0
        for character in line {
            if count == width - 1 { return shown + "…" }
            let isControl = character.unicodeScalars.contains {
                $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
            }
            if character.isNewline { shown.append("⏎") } else { shown.append(isControl ? "·" : character) }
            count += 1
        }
        return shown
    }
}
