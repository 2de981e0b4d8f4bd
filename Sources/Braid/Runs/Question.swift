/// What is asked.
public struct Question: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    /// The user's own words; a tag in them is just characters.
    public var text: String

    /// Creates a question.
    public init(_ text: String) {
        self.text = text
    }

    /// Creates a question from a literal.
    public init(stringLiteral value: String) {
        self.text = value
    }
}
