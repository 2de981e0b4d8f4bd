/// What is finally returned.
public struct Answer: Sendable, Hashable, Codable {
    /// The answer, without surrounding white space; nil when there is none.
    public var text: String?
    /// What the model said to the reader where that is more than ``text``: everything behind its thinking, or the beginning
    /// of an answer that was cut. Nil where they are the same.
    public var written: String?
    /// How the line ended that should have answered; ``ThreadOutcome/finished`` unless the run was cut.
    public var outcome: ThreadOutcome

    /// Creates an answer.
    public init(text: String?, written: String? = nil, outcome: ThreadOutcome = .finished) {
        self.text = text
        self.written = written == text ? nil : written
        self.outcome = outcome
    }

    /// What a reader is shown; nil when there is nothing.
    public var shown: String? { written ?? text }

    /// Why there is no answer, in words; nil when there is one.
    public var whyIncomplete: String? {
        if text != nil || (written != nil && outcome == .finished) { return nil }
        return outcome == .finished ? "the model ended without giving an answer" : outcome.description
    }
}
