import Braid

/// All lanes of one run, in tree order: a pure function of the run's events.
struct LaneBoard {
    /// The lanes; the main line first, each thread after the one that forked it and before its own threads.
    private(set) var lanes: [Lane] = []
    /// Whether tokens went missing on the way here, so that counts are too low until ``settle(with:)``.
    private(set) var hasGaps = false

    private var indices: [String: Int] = [:]

    /// The lane of a thread.
    subscript(id: String) -> Lane? { indices[id].map { lanes[$0] } }

    /// Takes one event.
    mutating func take(_ event: ReasoningEvent) {
        switch event {
        case .runStarted(let question, _, _):
            lanes = [Lane(id: TrajectoryRecorder.root, title: question.text)]
            index()
        case .threadStarted(let id, _): change(id) { $0.state = .thinking }
        case .token(let id, let token, _): change(id) { $0.append(token) }
        case .forked(let id, let outlines, let children): fork(id, outlines: outlines, into: children)
        case .threadFinished(let id, let outcome, let returned):
            change(id) { $0.state = .ended(outcome, returned: returned.map { SafeText.line($0) }) }
        case .joined(let id, let threads, _): change(id) { $0.joined(threads.count) }
        case .tokensDropped: hasGaps = true
        case .decided(let decision): change(decision.thread) { $0.note = SafeText.line(decision.action.rawValue) }
        case .prefilled, .budgetCut, .malformed, .answered: break
        }
    }

    /// Takes the token counts and the ends of lines from the record, which misses nothing.
    mutating func settle(with trajectory: Trajectory) {
        settle(trajectory.root)
        hasGaps = false
    }

    private mutating func settle(_ thread: ReasoningThread) {
        var tokens = 0
        for step in thread.steps {
            switch step {
            case .segment(let segment): if segment.origin == .model { tokens += segment.tokenCount }
            case .fork(let fork): for child in fork.threads { settle(child) }
            }
        }
        change(thread.id) { lane in
            lane.tokenCount = tokens
            if let outcome = thread.outcome {
                lane.state = .ended(outcome, returned: thread.returned.map { SafeText.line($0) })
            }
        }
    }

    private mutating func change(_ id: String, _ body: (inout Lane) -> Void) {
        guard let index = indices[id] else { return }
        body(&lanes[index])
    }

    private mutating func fork(_ id: String, outlines: [Outline], into children: [String]) {
        guard let parent = indices[id] else { return }
        change(id) { $0.state = .forked(children.count) }
        var end = parent + 1
        while end < lanes.count, lanes[end].id.hasPrefix(id + ".") { end += 1 }
        let new = children.enumerated().map { number, child in
            // A method that forks without outlines draws samples of the same line.
            let outline = number < outlines.count ? outlines[number] : nil
            return Lane(id: child, title: outline?.text ?? "sample", after: outline?.after ?? [])
        }
        lanes.insert(contentsOf: new, at: end)
        index()
    }

    private mutating func index() {
        indices = Dictionary(uniqueKeysWithValues: lanes.enumerated().map { ($1.id, $0) })
    }
}
