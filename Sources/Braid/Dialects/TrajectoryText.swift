/// A run's record as one text of its dialect: what the model wrote, with every thread in its place.
public struct TrajectoryText: Sendable, Hashable {
    /// The text, tags included, without the prompt.
    public var text: String
    /// What of the record is not in it; each once.
    public var notes: [String]

    /// Puts a record together.
    /// - Throws: ``DialectConversion/Refusal`` when it has a fork that the dialect has no words for, or that never ended.
    public init(_ trajectory: Trajectory, in dialect: Dialect) throws(DialectConversion.Refusal) {
        var reader = Reader(dialect: dialect)
        text = try reader.text(of: trajectory.root)
        notes = reader.notes
    }

    /// What a thread of a dialect wrote behind its seed.
    static func content(of thread: ReasoningThread, in dialect: Dialect) throws(DialectConversion.Refusal) -> String {
        var reader = Reader(dialect: dialect)
        return try reader.text(of: thread)
    }

    private struct Reader {
        let dialect: Dialect
        var notes: [String] = []

        /// A line without its prompt or seed.
        mutating func text(of line: ReasoningThread) throws(DialectConversion.Refusal) -> String {
            var text = ""
            var isForked = false
            for (index, step) in line.steps.enumerated() {
                switch step {
                case .segment(let segment):
                    switch segment.origin {
                    case .prompt, .seed: break
                    case .model, .inserted: text += segment.text
                    case .joined where isForked:
                        text += dialect.threadsEnd.rendered
                        isForked = false
                    // What the runtime puts behind a thread comes with the join.
                    case .joined where line.id != TrajectoryRecorder.root && index == line.steps.count - 1: break
                    case .joined: text += segment.text
                    }
                case .fork(let fork):
                    try text += self.text(of: fork, in: line)
                    isForked = true
                }
            }
            if isForked { throw refusal("the threads of line \(line.id) never came back together") }
            return text
        }

        private mutating func text(
            of fork: Fork, in line: ReasoningThread
        ) throws(DialectConversion.Refusal) -> String {
            switch dialect.forkPoint {
            case .messages:
                throw refusal("threads of \(dialect) have contexts of their own, which are no part of a text")
            case .outlines where fork.outlines.isEmpty:
                throw refusal("line \(line.id) was forked by the method, for which \(dialect) has no words")
            case .outlines, .blockOpening, .start: break
            }
            var text = ""
            for (index, (outline, thread)) in latest(fork).enumerated() {
                let seed = index == 0 || dialect.join == .stitch ? dialect.threadSeed : dialect.laterJoinedSeed
                text += Template.fill(seed, ["n": outline.label, "outline": outline.text]).rendered
                try text += closed(self.text(of: thread), thread, label: outline.label)
                text += dialect.threadTail.rendered
            }
            return text
        }

        /// Each outline with the last attempt at it.
        private mutating func latest(_ fork: Fork) -> [(Outline, ReasoningThread)] {
            var latest: [(outline: Outline, thread: ReasoningThread)] = []
            for (index, thread) in fork.threads.enumerated() {
                let number = thread.outline?.number ?? index + 1
                let written = fork.outlines.first { $0.number == number } ?? Outline(number: number, text: "")
                if let place = latest.firstIndex(where: { $0.outline.number == number }) {
                    latest[place].thread = thread
                    note("earlier attempts of threads that ran again")
                } else {
                    latest.append((written, thread))
                }
            }
            return latest.map { ($0.outline, $0.thread) }
        }

        /// A thread's text, ended as the dialect wants where the thread did not end by itself.
        private mutating func closed(_ text: String, _ thread: ReasoningThread, label: String) -> String {
            guard let close = dialect.threadTags(label: label)?.close, !text.hasSuffix(close) else { return text }
            note(
                "that thread \(thread.id) did not end by itself (\(thread.outcome?.description ?? "it is still open"))")
            if let returns = dialect.returns {
                return text + returns.open + dialect.failedReturn + returns.close + close
            }
            let end = Template.fill(dialect.cutThreadEnd, ["n": label])
            return text + (end.controlTags.contains(close) ? end.rendered : close)
        }

        private mutating func note(_ text: String) {
            if !notes.contains(text) { notes.append(text) }
        }

        private func refusal(_ text: String) -> DialectConversion.Refusal {
            DialectConversion.Refusal(description: text)
        }
    }
}
