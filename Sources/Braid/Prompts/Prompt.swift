/// What a method asks a model in plain words: messages, and how the answer has to begin.
///
/// All of it is text: a tag in it is just characters, whoever wrote it.
public struct Prompt: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    /// One message.
    public struct Message: Sendable, Hashable, Codable {
        /// Who speaks.
        public enum Role: String, Sendable, Codable {
            case system, user, assistant
        }

        /// Who speaks.
        public var role: Role
        /// What is said.
        public var text: String

        /// Creates a message.
        public init(_ role: Role, _ text: String) {
            self.role = role
            self.text = text
        }
    }

    /// The messages in order.
    public var messages: [Message]
    /// What the model's answer begins with; the model goes on from there.
    public var answerBeginning: String

    /// Creates a prompt.
    public init(_ messages: [Message], answerBeginning: String = "") {
        self.messages = messages
        self.answerBeginning = answerBeginning
    }

    /// Creates a prompt of one message of the user.
    public init(stringLiteral value: String) {
        self.init([Message(.user, value)])
    }

    /// The same with a conversation before it. What the model is told about its task stays first, behind what the
    /// conversation's own system messages say, in one message: chat templates want one, at the beginning.
    func following(_ conversation: [Message]) -> Prompt {
        guard !conversation.isEmpty else { return self }
        let systemText = (conversation + messages).filter { $0.role == .system }.map(\.text)
        var prompt = self
        prompt.messages = systemText.isEmpty ? [] : [Message(.system, systemText.joined(separator: "\n\n"))]
        prompt.messages += (conversation + messages).filter { $0.role != .system }
        return prompt
    }

    /// The prompt for a model that knows no conversations: the messages, each followed by an empty line, and the beginning
    /// of the answer.
    public var plainText: TokenText {
        TokenText([.text(messages.map { $0.text + "\n\n" }.joined() + answerBeginning)])
    }
}
