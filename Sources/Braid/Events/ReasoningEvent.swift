/// What happens in a run, for front ends to render.
public enum ReasoningEvent: Sendable, Hashable {
    /// The run began.
    case runStarted(question: Question, method: String, model: String)
    /// Known tokens came into a thread's context: the prompt, a seed.
    case prefilled(thread: String, tokens: Int)
    /// A thread began.
    case threadStarted(thread: String, outline: Outline?)
    /// A token was decoded. Where it is part of the run's answer, `answer` is the text that it makes certain: all of them
    /// together are a beginning of ``Answer/shown``.
    case token(thread: String, token: DecodedToken, answer: String? = nil)
    /// A line forked into these threads, given by their paths.
    case forked(thread: String, outlines: [Outline], into: [String])
    /// A thread ended.
    case threadFinished(thread: String, outcome: ThreadOutcome, returned: String?)
    /// A line's threads came back into it as this many tokens.
    case joined(thread: String, threads: [String], tokens: Int)
    /// A budget cut a thread, or refused to start it.
    case budgetCut(thread: String, outcome: ThreadOutcome)
    /// The controller steered the run.
    case decided(ControllerDecision)
    /// The model's structure was malformed.
    case malformed(thread: String, what: MalformedStructure)
    /// The run is over.
    case answered(Answer)
    /// The reader was too slow and missed this many tokens here; their threads' records have them.
    case tokensDropped(count: Int)
}
