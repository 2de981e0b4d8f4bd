/// What is finally returned.
public struct Answer: Sendable, Hashable, Codable {
    /// The answer, without surrounding white space; nil when there is none.
    public var text: String?
    /// How the line ended that should have answered; ``ThreadOutcome/finished`` unless the run was cut.
    public var outcome: ThreadOutcome

    /// Creates an answer.
    public init(text: String?, outcome: ThreadOutcome = .finished) {
        self.text = text
        self.outcome = outcome
    }

    /// Why there is no answer, in words; nil when there is one.
    public var whyIncomplete: String? {
        if text != nil { return nil }
        return outcome == .finished ? "the model ended without giving an answer" : outcome.description
    }
}
