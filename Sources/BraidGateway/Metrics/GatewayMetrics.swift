import Braid
import BraidStore
import Synchronization

/// Counts what the server does, for Prometheus; its labels have few values, and none of them comes from a client.
final class GatewayMetrics: Sendable {
    private struct Labels: Hashable, Comparable {
        var text: String

        init(_ pairs: [(String, String)]) {
            let labels = pairs.map { "\($0)=\"\($1.replacing("\\", with: "").replacing("\"", with: ""))\"" }
            text = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
        }

        static func < (left: Labels, right: Labels) -> Bool { left.text < right.text }
    }

    private struct State {
        var requests: [Labels: Int] = [:]
        var requestSeconds = Histogram.seconds
        var rejections: [Labels: Int] = [:]
        var firstTokenSeconds = Histogram.seconds
        var queueSeconds = Histogram.seconds
        var runs: [Labels: Int] = [:]
        var threads: [Labels: Int] = [:]
        var forks = 0
        var forkWidth = Histogram([1, 2, 3, 4, 6, 8, 12, 16, 32])
        var depth = Histogram([0, 1, 2, 3, 4, 8])
        var criticalPath = Histogram([10, 30, 100, 300, 1000, 3000, 10_000, 30_000])
        var tokens: [Labels: Int] = [:]
        var prefilled = 0
        var budgetTrips: [Labels: Int] = [:]
        var malformed = 0
        var disconnects = 0
        var stalls = 0
        var ignoredFields = 0
    }

    private let state = Mutex(State())

    /// A request was answered.
    func answered(_ route: String, status: Int, seconds: Double) {
        state.withLock { state in
            state.requests[Labels([("route", route), ("status", "\(status)")]), default: 0] += 1
            state.requestSeconds.add(seconds)
            if let reason = Self.rejection(status, route) {
                state.rejections[Labels([("reason", reason)]), default: 0] += 1
            }
        }
    }

    /// A run began after so long in the queue.
    func queued(seconds: Double) { state.withLock { $0.queueSeconds.add(seconds) } }

    /// A stream's first token was written.
    func firstToken(seconds: Double) { state.withLock { $0.firstTokenSeconds.add(seconds) } }

    /// A client went away before its answer ended.
    func disconnected(isStalled: Bool) {
        state.withLock { state in
            if isStalled { state.stalls += 1 } else { state.disconnects += 1 }
        }
    }

    /// Fields of a request were not used.
    func ignored(_ count: Int) { state.withLock { $0.ignoredFields += count } }

    /// A run is over.
    func ended(_ outcome: LiveRun.Outcome, model: String, method: String) {
        let metrics = outcome.metrics
        let shape = ThreadCounts(outcome.trajectory.root)
        state.withLock { state in
            state.runs[
                Labels([("model", model), ("mode", method), ("status", outcome.status.rawValue)]), default: 0] += 1
            state.forks += metrics.forks
            state.depth.add(Double(metrics.maximumDepth))
            state.criticalPath.add(Double(metrics.criticalPathTokens))
            for width in shape.widths { state.forkWidth.add(Double(width)) }
            for (outcome, count) in shape.outcomes {
                state.threads[Labels([("outcome", outcome)]), default: 0] += count
            }
            for (kind, count) in [
                ("main", max(0, shape.mainTokens - outcome.answerTokens)),
                ("thread", metrics.totalTokens - shape.mainTokens), ("answer", outcome.answerTokens),
            ] {
                state.tokens[Labels([("kind", kind)]), default: 0] += count
            }
            state.prefilled += metrics.prefilledTokens
            state.malformed += outcome.trajectory.malformedCount
            if let budget = shape.trip(outcome.trajectory.answer?.outcome) {
                state.budgetTrips[Labels([("budget", budget)]), default: 0] += 1
            }
        }
    }

    /// Everything in Prometheus' text format.
    /// - Parameter backends: the servers of engines, and whether each is well.
    func text(
        running: Int, waiting: Int, requestsInFlight: Int, backends: [(url: String, isWell: Bool)], version: String
    ) -> String {
        let state = state.withLock { $0 }
        var page = MetricsPage()
        page.counter("braid_requests_total", "Requests by route and status.", pairs(state.requests))
        page.histogram(
            "braid_request_duration_seconds", "Time from a request's head to its answer's.", state.requestSeconds)
        page.gauge("braid_requests_in_flight", "Runs that go on.", requestsInFlight)
        page.gauge("braid_places_taken", "Places that are taken by runs.", running)
        page.gauge("braid_queue_depth", "Requests that wait for a place.", waiting)
        page.counter("braid_queue_rejections_total", "Requests refused for want of a place.", pairs(state.rejections))
        page.histogram("braid_queue_time_seconds", "Time that runs waited for a place.", state.queueSeconds)
        page.histogram(
            "braid_time_to_first_token_seconds", "Time from a stream's request to its first token.",
            state.firstTokenSeconds)
        page.counter("braid_runs_total", "Runs by model, method and how they ended.", pairs(state.runs))
        page.counter("braid_forks_total", "Forks.", [("", state.forks)])
        page.counter("braid_threads_total", "Threads by how they ended.", pairs(state.threads))
        page.histogram("braid_fork_width", "Threads of a fork.", state.forkWidth)
        page.histogram("braid_tree_depth", "Depth of a run's deepest thread.", state.depth)
        page.histogram("braid_critical_path_tokens", "Tokens on a run's critical path.", state.criticalPath)
        page.counter("braid_generated_tokens_total", "Decoded tokens.", pairs(state.tokens))
        page.counter("braid_upstream_prompt_tokens_total", "Prefilled tokens.", [("", state.prefilled)])
        page.counter("braid_budget_trips_total", "Runs cut by a budget.", pairs(state.budgetTrips))
        page.counter("braid_structure_repairs_total", "Malformed structures.", [("", state.malformed)])
        page.counter("braid_client_disconnects_total", "Clients that went away early.", [("", state.disconnects)])
        page.counter("braid_stalled_clients_total", "Clients that did not read.", [("", state.stalls)])
        page.counter(
            "braid_ignored_fields_total", "Fields of requests that were not used.", [("", state.ignoredFields)])
        page.gauge(
            "braid_backend_up", "Whether a server of an engine gets requests.",
            backends.map { (Labels([("backend", $0.url)]).text, $0.isWell ? 1 : 0) })
        page.gauge("braid_build_info", "The version.", [(Labels([("version", version)]).text, 1)])
        return page.text
    }

    private func pairs(_ counts: [Labels: Int]) -> [(String, Int)] {
        counts.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) }
    }

    private static func rejection(_ status: Int, _ route: String) -> String? {
        switch status {
        case 429: "key"
        case 503 where route != "/ready": "full"
        default: nil
        }
    }
}

/// What the threads of a run came to.
private struct ThreadCounts {
    var widths: [Int] = []
    var outcomes: [String: Int] = [:]
    var mainTokens = 0

    init(_ root: ReasoningThread) {
        add(root, isMain: true)
    }

    func trip(_ outcome: ThreadOutcome?) -> String? {
        switch outcome {
        case .tokenLimit?: "tokens"
        case .contextFull?: "context"
        case .timedOut?: "time"
        default: nil
        }
    }

    private mutating func add(_ line: ReasoningThread, isMain: Bool) {
        if !isMain { outcomes[Self.name(line.outcome), default: 0] += 1 }
        for step in line.steps {
            switch step {
            case .segment(let segment): if isMain, segment.origin == .model { mainTokens += segment.tokenCount }
            case .fork(let fork):
                widths.append(fork.threads.count)
                for thread in fork.threads { add(thread, isMain: false) }
            }
        }
    }

    private static func name(_ outcome: ThreadOutcome?) -> String {
        switch outcome {
        case .finished?: "ok"
        case .tokenLimit?, .contextFull?: "budget"
        case .timedOut?: "timeout"
        case .cancelled?, nil: "cancelled"
        case .failed?, .malformed?: "failed"
        }
    }
}
