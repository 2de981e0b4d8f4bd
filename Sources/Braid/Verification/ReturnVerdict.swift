/// What a ``ReturnCheck`` finds.
public enum ReturnVerdict: Sendable, Hashable {
    /// What the thread claims is true, and answers the question.
    case verified
    /// What the thread claims is false; the text says why.
    case refuted(String)
    /// Nothing can be said.
    case unknown
}
