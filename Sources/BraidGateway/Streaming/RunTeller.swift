import Braid
import BraidStore
import Foundation

/// Tells what clients read of a run: its thoughts as one text, its answer, and how it ended.
struct RunTeller: Sendable {
    /// One telling from the beginning.
    struct Telling: Sendable {
        /// What an event adds.
        struct News: Sendable, Hashable {
            var thoughts: [RunEnding.Thought] = []
            /// Behind the thoughts.
            var answer = ""
        }

        private var order = CanonicalOrder()
        private var text = ReasoningText()
        /// In place of the other two.
        private var interleaved: InterleavedText?
        private var stops: StopScanner
        /// Whether more of the answer may be told: no stop was found, and none of it was missed.
        private var tellsAnswer = true

        /// What was told of the answer.
        private(set) var answer = ""

        fileprivate init(stops: [String], _ order: RunOptions.Order) {
            self.stops = StopScanner(stops)
            if order == .interleaved { interleaved = InterleavedText() }
        }

        /// The only line whose tokens add something now; nil where those of all do.
        var currentThread: String? { interleaved == nil ? order.current : nil }

        /// Takes an event and gives what it adds.
        mutating func take(_ event: RunEvent) -> News {
            var news = News()
            if case .tokensDropped = event { tellsAnswer = false }
            if let thoughts = interleaved?.take(event) {
                news.thoughts = thoughts
                if case .tokens(_, _, _, _, let said?) = event { tell(said, &news) }
                return news
            }
            for piece in order.take(event) {
                if case .answer(let said, _) = piece { tell(said, &news) }
                let text = self.text.take(piece)
                guard !text.isEmpty else { continue }
                if news.thoughts.last?.thread == piece.thread {
                    news.thoughts[news.thoughts.count - 1].text += text
                } else {
                    news.thoughts.append(RunEnding.Thought(thread: piece.thread, text: text))
                }
            }
            return news
        }

        /// What is still to be told of the answer when the run is over; nil when it is not what was told.
        func rest(of whole: String) -> String? {
            guard whole.utf8.starts(with: answer.utf8) else { return nil }
            return String(decoding: whole.utf8.dropFirst(answer.utf8.count), as: UTF8.self)
        }

        private mutating func tell(_ said: String, _ news: inout News) {
            guard tellsAnswer, !said.isEmpty else { return }
            let step = stops.take(said)
            tellsAnswer = step.stop == nil
            news.answer += step.text
            answer += step.text
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
    func start() -> Telling { Telling(stops: stops, order) }

    /// How a run ended that is over.
    /// - Parameter thoughts: everything that was thought, where that is to be told as one; see ``thoughts``.
    func ending(_ outcome: LiveRun.Outcome, thoughts: [RunEnding.Thought] = []) -> RunEnding {
        let trajectory = outcome.trajectory
        return RunEnding(
            id: live.id, model: live.model, created: Int(live.created.timeIntervalSince1970),
            answer: visible(trajectory.answer?.shown ?? ""), thoughts: thoughts,
            finish: outcome.status == .incomplete ? .length : .stop,
            usage: RunUsage(trajectory, answerTokens: outcome.answerTokens), report: report(outcome))
    }

    /// Everything that was thought, in the order in which it is told.
    var thoughts: [RunEnding.Thought] {
        var telling = start()
        var thoughts: [RunEnding.Thought] = []
        for entry in live.log.entries {
            for thought in telling.take(entry.event).thoughts {
                if thoughts.last?.thread == thought.thread {
                    thoughts[thoughts.count - 1].text += thought.text
                } else {
                    thoughts.append(thought)
                }
            }
        }
        return thoughts
    }

    /// The answer up to the first of the texts that end it.
    private func visible(_ answer: String) -> String {
        var scanner = StopScanner(stops)
        let step = scanner.take(answer)
        return step.stop == nil ? step.text + scanner.end() : step.text
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
        case .began(let thread, _), .text(_, let thread, _), .answer(_, let thread), .ended(let thread): thread
        }
    }
}
