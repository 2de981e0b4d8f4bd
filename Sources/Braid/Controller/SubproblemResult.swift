/// A subproblem's result, and where it came from.
public struct SubproblemResult: Sendable, Hashable, Codable {
    /// What the thread returned.
    public var text: String
    /// The question of the run that found it.
    public var question: String
    /// The thread that found it.
    public var thread: String
    /// Tokens that it took to find it, which taking it from the cache saves.
    public var tokens: Int
    /// Whether a check found it right.
    public var isVerified: Bool

    /// Creates a result.
    public init(text: String, question: String, thread: String, tokens: Int, isVerified: Bool) {
        self.text = text
        self.question = question
        self.thread = thread
        self.tokens = tokens
        self.isVerified = isVerified
    }
}
