/// What came of one sample of a ``PromptedCall``.
public struct Completion: Sendable, Hashable {
    /// How a text ended that was not cut.
    public enum Ending: Sendable, Hashable {
        /// At one of the call's stops.
        case stop(String)
        /// The model ended it.
        case modelEnd
        /// It has as many tokens as the call wanted.
        case maximumTokens
    }

    /// Number of its call within the run, from 1.
    public var call: Int
    /// Path of its thread in the trajectory.
    public var thread: String
    /// What the model wrote, after the prompt's ``Prompt/answerBeginning`` and before the stop or the model's end; other tags
    /// are in it as characters.
    public var text: String
    /// Tokens that were decoded for it.
    public var tokenCount: Int
    /// Natural logarithms of the probabilities of its tokens, the stop's included; empty when the engine gives none.
    public var logProbabilities: [Float]
    /// How it ended; ``ThreadOutcome/finished`` unless a budget cut it or something failed.
    public var outcome: ThreadOutcome
    /// How it ended when it finished; nil otherwise.
    public var ending: Ending?

    /// Creates a completion.
    public init(
        call: Int, thread: String, text: String, tokenCount: Int = 0, logProbabilities: [Float] = [],
        outcome: ThreadOutcome = .finished,
        ending: Ending? = nil
    ) {
        self.call = call
        self.thread = thread
        self.text = text
        self.tokenCount = tokenCount
        self.logProbabilities = logProbabilities
        self.outcome = outcome
        self.ending = ending
    }

    /// Its text without white space at either end.
    public var trimmed: String { AnswerExtractor.trimmed(text) }

    /// Mean log-probability of its tokens; nil when it has none or the engine gives none.
    public var meanLogProbability: Double? {
        guard !logProbabilities.isEmpty else { return nil }
        return logProbabilities.reduce(0) { $0 + Double($1) } / Double(logProbabilities.count)
    }
}

extension Sequence<Completion> {
    /// Why the first of them that did not finish did not; nil when all finished.
    public var firstFailure: ThreadOutcome? { first { $0.outcome != .finished }?.outcome }

    /// What cut the first of them that a budget or the context's end cut; nil when none was.
    public var firstCut: ThreadOutcome? { first { $0.outcome.isCut }?.outcome }

    /// The first of them as an answer: what it states, or all that it says.
    var wholeAnswer: Answer {
        guard let first = first(where: { _ in true }) else { return Answer(text: nil) }
        let text = Reply(first.text).stated ?? (first.trimmed.isEmpty ? nil : first.trimmed)
        return Answer(text: text, outcome: first.outcome)
    }
}
