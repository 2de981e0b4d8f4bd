import Braid

/// Makes of a run's lines one text in the order in which they write: line by line, each named by its thread.
struct InterleavedText: Sendable {
    /// What each thread has written of its current line.
    private var pending: [String: String] = [:]

    /// Takes an event and gives the lines that it completes, with those who wrote them.
    mutating func take(_ event: RunEvent) -> [RunEnding.Thought] {
        switch event {
        case .tokens(let thread, _, _, _, .some): return flush(thread)
        case .tokens(let thread, let text, _, let control, nil):
            if control != nil { return flush(thread) }
            pending[thread, default: ""] += text
            return pending[thread]?.contains(where: \.isNewline) == true ? flush(thread, keepsRest: true) : []
        case .threadFinished(let thread, _, _): return flush(thread)
        case .answered, .end: return pending.keys.sorted().flatMap { flush($0) }
        default: return []
        }
    }

    /// Gives the whole lines of a thread.
    /// - Parameter keepsRest: whether what follows the last line break waits for more.
    private mutating func flush(_ thread: String, keepsRest: Bool = false) -> [RunEnding.Thought] {
        var lines = (pending[thread] ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let rest = keepsRest ? lines.popLast() : nil
        pending[thread] = rest.map(String.init)
        let path = thread.dropFirst(TrajectoryRecorder.root.count + 1)
        let label = path.isEmpty ? "" : "[thread \(path)] "
        return lines.filter { !$0.allSatisfy(\.isWhitespace) }.map {
            RunEnding.Thought(thread: thread, text: "\(label)\($0)\n")
        }
    }
}
