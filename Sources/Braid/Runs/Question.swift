/// What is asked.
public struct Question: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    /// The user's own words; a tag in them is just characters.
    public var text: String
    /// What was said before, in order. Methods that ask in plain words put it before what they ask; those that are framed
    /// by a dialect's tags read ``text`` alone.
    public var conversation: [Prompt.Message]

    private enum CodingKeys: String, CodingKey {
        case text, conversation
    }

    /// Creates a question.
    public init(_ text: String, after conversation: [Prompt.Message] = []) {
        self.text = text
        self.conversation = conversation
    }

    /// Creates a question from a literal.
    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// Reads a question; one without a conversation may lack the field.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        text = try container.decode(String.self, forKey: .text)
        conversation = try container.decodeIfPresent([Prompt.Message].self, forKey: .conversation) ?? []
    }

    /// Leaves out a conversation that is empty.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(text, forKey: .text)
        if !conversation.isEmpty { try container.encode(conversation, forKey: .conversation) }
    }
}
