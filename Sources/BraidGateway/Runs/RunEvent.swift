import Braid
import BraidStore

/// What happens in a run, as it is logged and shown to those who follow it.
enum RunEvent: Sendable {
    case runStarted(question: String, method: String, model: String, contextLength: Int)
    case prefilled(thread: String, tokens: Int)
    case threadStarted(thread: String, outline: Outline?)
    /// Tokens of one thread, one after the other; a control token is alone, with its tag as `control`. Where they are part
    /// of the run's answer, `answer` is what they make certain of it.
    case tokens(thread: String, text: String, count: Int, control: String?, answer: String? = nil)
    case forked(thread: String, outlines: [Outline], into: [String])
    case threadFinished(thread: String, outcome: ThreadOutcome, returned: String?)
    case joined(thread: String, threads: [String], tokens: Int)
    case budgetCut(thread: String, outcome: ThreadOutcome)
    case decided(ControllerDecision)
    case malformed(thread: String, what: String)
    case tokensDropped(count: Int)
    case answered(text: String?, outcome: ThreadOutcome)
    /// The last one.
    case end(status: RunStatus, metrics: TrajectoryMetrics, verified: Bool?)

    /// Takes over what a run tells.
    init(_ event: ReasoningEvent, contextLength: Int) {
        switch event {
        case .runStarted(let question, let method, let model):
            self = .runStarted(question: question.text, method: method, model: model, contextLength: contextLength)
        case .prefilled(let thread, let tokens): self = .prefilled(thread: thread, tokens: tokens)
        case .threadStarted(let thread, let outline): self = .threadStarted(thread: thread, outline: outline)
        case .token(let thread, let token, let answer):
            self = .tokens(thread: thread, text: token.text, count: 1, control: token.control, answer: answer)
        case .forked(let thread, let outlines, let into): self = .forked(thread: thread, outlines: outlines, into: into)
        case .threadFinished(let thread, let outcome, let returned):
            self = .threadFinished(thread: thread, outcome: outcome, returned: returned)
        case .joined(let thread, let threads, let tokens):
            self = .joined(thread: thread, threads: threads, tokens: tokens)
        case .budgetCut(let thread, let outcome): self = .budgetCut(thread: thread, outcome: outcome)
        case .decided(let decision): self = .decided(decision)
        case .malformed(let thread, let what): self = .malformed(thread: thread, what: what.description)
        case .tokensDropped(let count): self = .tokensDropped(count: count)
        case .answered(let answer): self = .answered(text: answer.shown, outcome: answer.outcome)
        }
    }

    /// Its kind, as those who follow a run are told.
    var name: String {
        switch self {
        case .runStarted: "run_started"
        case .prefilled: "prefilled"
        case .threadStarted: "thread_started"
        case .tokens: "token"
        case .forked: "forked"
        case .threadFinished: "thread_finished"
        case .joined: "joined"
        case .budgetCut: "budget_cut"
        case .decided: "decided"
        case .malformed: "malformed"
        case .tokensDropped: "tokens_dropped"
        case .answered: "answered"
        case .end: "end"
        }
    }

    /// Roughly the memory that it takes, in bytes.
    var byteCount: Int {
        let text =
            switch self {
            case .tokens(_, let text, _, _, let answer): text.utf8.count + (answer?.utf8.count ?? 0)
            case .runStarted(let question, _, _, _): question.utf8.count
            case .forked(_, let outlines, let into):
                outlines.reduce(0) { $0 + $1.text.utf8.count } + into.count * 96
            case .threadFinished(_, _, let returned): returned?.utf8.count ?? 0
            case .answered(let text, _): text?.utf8.count ?? 0
            case .decided(let decision): decision.reason.utf8.count
            case .threadStarted(_, let outline): outline?.text.utf8.count ?? 0
            default: 0
            }
        // Its place in a list that grows by doubling, and what its texts take besides their bytes.
        return 320 + text
    }

    /// Its data.
    /// - Parameter seconds: when it happened, since the run began.
    func json(at seconds: Double) -> [UInt8] {
        var object = JSONObject()
        object.add("at", seconds)
        switch self {
        case .runStarted(let question, let method, let model, let contextLength):
            object.add("question", question)
            object.add("method", method)
            object.add("model", model)
            object.add("context_length", contextLength)
        case .prefilled(let thread, let tokens):
            object.add("thread", thread)
            object.add("tokens", tokens)
        case .threadStarted(let thread, let outline):
            object.add("thread", thread)
            object.add("outline", outline.map(Self.json))
        case .tokens(let thread, let text, let count, let control, let answer):
            object.add("thread", thread)
            object.add("text", text)
            object.add("tokens", count)
            object.add("control", control)
            if let answer { object.add("answer", answer) }
        case .forked(let thread, let outlines, let into):
            object.add("thread", thread)
            object.add("outlines", outlines.map(Self.json))
            object.add("into", into)
        case .threadFinished(let thread, let outcome, let returned):
            object.add("thread", thread)
            object.add("outcome", outcome.description)
            object.add("returned", returned)
        case .joined(let thread, let threads, let tokens):
            object.add("thread", thread)
            object.add("threads", threads)
            object.add("tokens", tokens)
        case .budgetCut(let thread, let outcome):
            object.add("thread", thread)
            object.add("outcome", outcome.description)
        case .decided(let decision):
            var fields = JSONObject()
            fields.add("thread", decision.thread)
            fields.add("action", decision.action.rawValue)
            fields.add("reason", decision.reason)
            fields.add("seconds", decision.seconds)
            object.add("decision", fields)
        case .malformed(let thread, let what):
            object.add("thread", thread)
            object.add("what", what)
        case .tokensDropped(let count): object.add("count", count)
        case .answered(let text, let outcome):
            object.add("text", text)
            object.add("outcome", outcome.description)
        case .end(let status, let metrics, let verified):
            object.add("status", status.rawValue)
            object.add("metrics", RunSummary.json(metrics))
            object.add("verified", verified)
        }
        return object.bytes
    }

    private static func json(_ outline: Outline) -> JSONObject {
        var object = JSONObject()
        object.add("number", outline.number)
        object.add("after", json: Array("[\(outline.after.map(String.init).joined(separator: ","))]".utf8))
        object.add("text", outline.text)
        return object
    }
}
