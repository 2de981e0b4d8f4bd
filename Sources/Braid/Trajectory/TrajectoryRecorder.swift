import Synchronization

/// Writes down what happens in a run, from any number of threads at once.
public final class TrajectoryRecorder: Sendable {
    private enum Step {
        case segment(Segment)
        case fork(outlines: [Outline], threads: [String], join: Dialect.Join?, outlineTokens: Int)
    }

    private struct Line {
        var outline: Outline?
        var steps: [Step] = []
        var childCount = 0
        var isDecoding = false
        /// Where in ``steps`` the fork is that takes further calls, as long as it is the last step.
        var callsIndex: Int?
        var outcome: ThreadOutcome?
        var returned: String?

        mutating func append(_ token: DecodedToken, start: Double, end: Double) {
            let text = token.control ?? token.text
            guard isDecoding, case .segment(var segment) = steps.popLast() else {
                steps.append(
                    .segment(
                        Segment(
                            origin: .model, text: text, tokenCount: 1, tokens: [token.id],
                            logProbabilities: token.logProbability.map { [$0] }, start: start, end: end)))
                isDecoding = true
                return
            }
            segment.text += text
            segment.tokenCount += 1
            segment.tokens?.append(token.id)
            if let value = token.logProbability { segment.logProbabilities?.append(value) }
            segment.end = end
            steps.append(.segment(segment))
        }
    }

    private struct State {
        var lines: [String: Line] = [:]
        var malformedCount = 0
        var answer: Answer?
        var seconds = 0.0
    }

    /// Path of the main line.
    public static let root = "0"

    private let empty: Trajectory
    private let state = Mutex(State())

    /// Creates a recorder.
    /// - Parameter trajectory: what is known beforehand; its root is replaced by what is recorded.
    public init(_ trajectory: Trajectory) {
        empty = trajectory
    }

    /// Begins the record of the main line or of a thread.
    public func begin(_ id: String, outline: Outline?) {
        state.withLock { $0.lines[id] = Line(outline: outline) }
    }

    /// Paths for the next threads of a line.
    public func paths(forThreadsOf id: String, count: Int) -> [String] {
        state.withLock { state in
            let first = state.lines[id]?.childCount ?? 0
            state.lines[id, default: Line()].childCount += count
            return (0..<count).map { "\(id).\(first + $0 + 1)" }
        }
    }

    /// Adds a finished segment.
    public func append(_ segment: Segment, to id: String) {
        state.withLock { state in
            state.lines[id]?.steps.append(.segment(segment))
            state.lines[id]?.isDecoding = false
        }
    }

    /// Ends the segment that decoded tokens go into; the next token begins another one.
    public func endSegment(of id: String) {
        state.withLock { $0.lines[id]?.isDecoding = false }
    }

    /// Adds a decoded token to the line's current segment.
    /// - Parameters:
    ///   - start: when the wait for it began, in seconds since the run began.
    ///   - end: when it came.
    public func append(_ token: DecodedToken, to id: String, start: Double, end: Double) {
        state.withLock { state in
            state.lines[id]?.append(token, start: start, end: end)
        }
    }

    /// Adds a fork.
    public func fork(_ id: String, outlines: [Outline], threads: [String], outlineTokens: Int) {
        state.withLock { state in
            state.lines[id]?.isDecoding = false
            state.lines[id]?.steps.append(
                .fork(outlines: outlines, threads: threads, join: nil, outlineTokens: outlineTokens))
        }
    }

    /// Adds calls to a line: threads of one fork that says in its outlines which come after which. A call that follows
    /// something else in the line begins another such fork.
    public func addCalls(_ calls: [(thread: String, outline: Outline)], to id: String) {
        state.withLock { state in
            var line = state.lines[id] ?? Line()
            line.isDecoding = false
            let outlines = calls.map(\.outline)
            let threads = calls.map(\.thread)
            if let index = line.callsIndex, index == line.steps.count - 1,
                case .fork(let earlier, let paths, let join, let tokens) = line.steps[index]
            {
                line.steps[index] = .fork(
                    outlines: earlier + outlines, threads: paths + threads, join: join, outlineTokens: tokens)
            } else {
                line.callsIndex = line.steps.count
                line.steps.append(.fork(outlines: outlines, threads: threads, join: nil, outlineTokens: 0))
            }
            state.lines[id] = line
            for call in calls { state.lines[call.thread] = Line(outline: call.outline) }
        }
    }

    /// Notes that the line's latest fork came back together.
    public func join(_ id: String, as form: Dialect.Join, joined: Segment?) {
        state.withLock { state in
            guard let index = state.lines[id]?.steps.lastIndex(where: { if case .fork = $0 { true } else { false } }),
                case .fork(let outlines, let threads, _, let tokens) = state.lines[id]?.steps[index]
            else { return }
            state.lines[id]?.steps[index] = .fork(
                outlines: outlines, threads: threads, join: form, outlineTokens: tokens)
            if let joined { state.lines[id]?.steps.append(.segment(joined)) }
        }
    }

    /// Notes how a line ended; the first note counts.
    public func finish(_ id: String, outcome: ThreadOutcome, returned: String?) {
        state.withLock { state in
            guard state.lines[id]?.outcome == nil else { return }
            state.lines[id]?.outcome = outcome
            state.lines[id]?.returned = returned
            state.lines[id]?.isDecoding = false
        }
    }

    /// Mean log-probability of what a line has decoded itself; nil when there is nothing or the engine gives none.
    public func meanLogProbability(of id: String) -> Double? {
        let values = state.withLock { state in
            (state.lines[id]?.steps ?? []).flatMap { step in
                if case .segment(let segment) = step { segment.logProbabilities ?? [] } else { [Float]() }
            }
        }
        return values.isEmpty ? nil : values.reduce(0) { $0 + Double($1) } / Double(values.count)
    }

    /// Counts a malformed structure.
    public func malformed() {
        state.withLock { $0.malformedCount += 1 }
    }

    /// Notes the end of the run.
    public func end(answer: Answer?, seconds: Double) {
        state.withLock { state in
            state.answer = answer
            state.seconds = seconds
        }
    }

    /// The record so far.
    public var trajectory: Trajectory {
        state.withLock { state in
            var trajectory = empty
            trajectory.root = Self.thread(Self.root, in: state.lines)
            trajectory.malformedCount = state.malformedCount
            trajectory.cutCount = state.lines.values.count { $0.outcome?.isCut ?? false }
            trajectory.answer = state.answer
            trajectory.seconds = state.seconds
            return trajectory
        }
    }

    private static func thread(_ id: String, in lines: [String: Line]) -> ReasoningThread {
        guard let line = lines[id] else { return ReasoningThread(id: id) }
        let steps = line.steps.map { step -> ReasoningThread.Step in
            switch step {
            case .segment(let segment): .segment(segment)
            case .fork(let outlines, let threads, let join, let outlineTokens):
                .fork(
                    Fork(
                        outlines: outlines, threads: threads.map { thread($0, in: lines) }, join: join,
                        outlineTokens: outlineTokens))
            }
        }
        return ReasoningThread(
            id: id, outline: line.outline, steps: steps, outcome: line.outcome, returned: line.returned)
    }
}
