public import Braid

/// One message of a chat.
public struct ChatMessage: Sendable, Hashable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Codable {
        /// Instructions.
        case system
        /// The one who asks.
        case user
        /// The model.
        case assistant

        /// The control piece that begins a message in a ``TokenText`` for a chat service.
        var tag: String { "<\(rawValue)>" }

        /// The role that a control piece names.
        init?(tag: String) {
            guard let role = [Self.system, .user, .assistant].first(where: { $0.tag == tag }) else { return nil }
            self = role
        }
    }

    /// Who speaks.
    public var role: Role
    /// What is said.
    public var content: String

    /// Creates a message.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }

    /// Creates a message from a prompt's.
    public init(_ message: Prompt.Message) {
        switch message.role {
        case .system: self.init(.system, message.text)
        case .user: self.init(.user, message.text)
        case .assistant: self.init(.assistant, message.text)
        }
    }
}
