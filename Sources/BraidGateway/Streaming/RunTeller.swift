import Braid
import BraidStore
import Foundation

/// Tells what clients read of a run: its thoughts as one text, and how it ended.
struct RunTeller: Sendable {
    /// One telling from the beginning.
    struct Telling: Sendable {
        private var order = CanonicalOrder()
        private var text: ReasoningText
        /// In place of the other two.
        private var interleaved: InterleavedText?

        fileprivate init(_ dialect: Dialect, _ order: RunOptions.Order) {
            text = ReasoningText(dialect)
            if order == .interleaved { interleaved = InterleavedText(dialect) }
        }

        /// Tokens that the answer was written with, so far.
        var answerTokens: Int { interleaved?.answerTokens ?? text.answerTokens }

        /// Takes an event and gives what it adds.
        mutating func take(_ event: RunEvent) -> [RunEnding.Thought] {
            if let thoughts = interleaved?.take(event) { return thoughts }
            text.count(event)
            var thoughts: [RunEnding.Thought] = []
            for piece in order.take(event) {
                let text = self.text.take(piece)
                guard !text.isEmpty else { continue }
                if thoughts.last?.thread == piece.thread {
                    thoughts[thoughts.count - 1].text += text
                } else {
                    thoughts.append(RunEnding.Thought(thread: piece.thread, text: text))
                }
            }
            return thoughts
        }
    }

    private let live: LiveRun
    private let stops: [String]
    private let order: RunOptions.Order

    /// Tells of a run.
    /// - Parameter stops: texts that end the visible answer.
    init(_ live: LiveRun, stops: [String], order: RunOptions.Order) {
        self.live = live
        self.stops = stops
        self.order = order
    }

    /// Begins to tell.
    func start() -> Telling { Telling(live.method.dialect, order) }

    /// Tokens that the answer was written with.
    func answerTokens() -> Int { whole().answerTokens }

    /// How a run ended that is over.
    func ending(_ outcome: LiveRun.Outcome) -> RunEnding {
        let (thoughts, answerTokens) = whole()
        let trajectory = outcome.trajectory
        return RunEnding(
            id: live.id, model: live.model, created: Int(live.created.timeIntervalSince1970),
            answer: visible(trajectory.answer?.text ?? ""), thoughts: thoughts,
            finish: outcome.status == .incomplete ? .length : .stop,
            usage: RunUsage(trajectory, answerTokens: answerTokens), report: report(outcome))
    }

    private func whole() -> (thoughts: [RunEnding.Thought], answerTokens: Int) {
        var telling = start()
        var thoughts: [RunEnding.Thought] = []
        for entry in live.log.entries {
            for thought in telling.take(entry.event) {
                if thoughts.last?.thread == thought.thread {
                    thoughts[thoughts.count - 1].text += thought.text
                } else {
                    thoughts.append(thought)
                }
            }
        }
        return (thoughts, telling.answerTokens)
    }

    /// The answer up to the first of the texts that end it.
    private func visible(_ answer: String) -> String {
        let ends = stops.compactMap { stop in stop.isEmpty ? nil : answer.firstRange(of: stop)?.lowerBound }
        return ends.min().map { String(answer[..<$0]) } ?? answer
    }

    private func report(_ outcome: LiveRun.Outcome) -> JSONObject {
        let metrics = outcome.metrics
        let answer = outcome.trajectory.answer
        let why = answer?.whyIncomplete ?? answer.flatMap { $0.outcome == .finished ? nil : $0.outcome.description }
        var report = JSONObject()
        report.add("trajectory_id", live.id)
        report.add("method", live.method.name)
        report.add("total_tokens", metrics.totalTokens)
        report.add("critical_path_tokens", metrics.criticalPathTokens)
        report.add("prefilled_tokens", metrics.prefilledTokens)
        report.add("threads", metrics.threads)
        report.add("forks", metrics.forks)
        report.add("max_depth", metrics.maximumDepth)
        report.add("seconds", metrics.wallSeconds)
        report.add("verified", outcome.trajectory.verified)
        report.add("partial", outcome.status == .incomplete)
        report.add("reason", why)
        return report
    }
}

extension CanonicalOrder.Piece {
    /// The line that it is about.
    var thread: String {
        switch self {
        case .began(let thread, _), .text(_, let thread, _), .ended(let thread): thread
        }
    }
}
