/// What an address means.
enum Route: Sendable, Hashable {
    case about, health, ready, metrics
    case models
    case model(String)
    case chatCompletions, completions, responses
    case tokenize, detokenize
    case trajectories
    case trajectory(String)
    case trajectoryEvents(String)
    case perfetto(String)
    case cancel(String)
    case page(PageFile)

    /// A file of the page: the index at `/`, the others below `/page/`.
    enum PageFile: String, Sendable, CaseIterable {
        case index = "index.html"
        case style = "page.css"
        case icon = "icon.svg"
        case page = "page.js"
        case announcer = "announcer.js"
        case askForm = "ask-form.js"
        case criticalPath = "critical-path.js"
        case dom = "dom.js"
        case eventReader = "event-reader.js"
        case figuresView = "figures-view.js"
        case frames = "frames.js"
        case gateway = "gateway.js"
        case laneView = "lane-view.js"
        case pastRunsView = "past-runs-view.js"
        case runFollower = "run-follower.js"
        case runRecord = "run-record.js"
        case runView = "run-view.js"
        case runsView = "runs-view.js"
        case textBox = "text-box.js"
        case timelineView = "timeline-view.js"
        case treeView = "tree-view.js"
        case words = "words.js"
    }

    /// The method that it takes.
    var method: String {
        switch self {
        case .chatCompletions, .completions, .responses, .tokenize, .detokenize, .cancel: "POST"
        default: "GET"
        }
    }

    /// Whether it is answered without a key: what says nothing about anybody's runs.
    var isOpen: Bool {
        switch self {
        case .health, .ready, .about, .page: true
        default: false
        }
    }

    /// Whether it begins work that takes a place.
    var needsPlace: Bool {
        switch self {
        case .chatCompletions, .completions, .responses: true
        default: false
        }
    }

    /// Whether its answer goes on until somebody ends it, so that nothing can be said of it beforehand.
    var isEndless: Bool {
        if case .trajectoryEvents = self { true } else { false }
    }

    /// Its name in metrics: a bounded set.
    var name: String {
        switch self {
        case .about: "/v1/braid"
        case .health: "/health"
        case .ready: "/ready"
        case .metrics: "/metrics"
        case .models: "/v1/models"
        case .model: "/v1/models/{id}"
        case .chatCompletions: "/v1/chat/completions"
        case .completions: "/v1/completions"
        case .responses: "/v1/responses"
        case .tokenize: "/tokenize"
        case .detokenize: "/detokenize"
        case .trajectories: "/v1/trajectories"
        case .trajectory: "/v1/trajectories/{id}"
        case .trajectoryEvents: "/v1/trajectories/{id}/events"
        case .perfetto: "/v1/trajectories/{id}/perfetto"
        case .cancel: "/v1/trajectories/{id}/cancel"
        case .page: "/"
        }
    }

    /// The route of a path; nil for none. A leading `v1` and a slash at the end make no difference.
    init?(_ path: RequestPath) {
        var segments = path.segments[...]
        if segments.first == "v1" { segments = segments.dropFirst() }
        guard let first = segments.first else {
            guard path.segments.isEmpty else { return nil }
            self = .page(.index)
            return
        }
        let rest = Array(segments.dropFirst())
        switch (first, rest) {
        case ("braid", []): self = .about
        case ("health", []): self = .health
        case ("ready", []): self = .ready
        case ("metrics", []): self = .metrics
        case ("models", []): self = .models
        // Names of models may have slashes.
        case ("models", _): self = .model(rest.joined(separator: "/"))
        case ("chat", ["completions"]): self = .chatCompletions
        case ("completions", []): self = .completions
        case ("responses", []): self = .responses
        case ("tokenize", []): self = .tokenize
        case ("detokenize", []): self = .detokenize
        case ("trajectories", []): self = .trajectories
        case ("trajectories", _) where rest.count == 1: self = .trajectory(rest[0])
        case ("trajectories", _) where rest.count == 2 && rest[1] == "events": self = .trajectoryEvents(rest[0])
        case ("trajectories", _) where rest.count == 2 && rest[1] == "perfetto": self = .perfetto(rest[0])
        case ("trajectories", _) where rest.count == 2 && rest[1] == "cancel": self = .cancel(rest[0])
        case ("page", _) where rest.count == 1 && path.segments.count == 2:
            guard let file = PageFile(rawValue: rest[0]), file != .index else { return nil }
            self = .page(file)
        default: return nil
        }
    }
}
