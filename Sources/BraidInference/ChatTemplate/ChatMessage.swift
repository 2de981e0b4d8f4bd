/// One message of a conversation, as a chat template sees it.
public struct ChatMessage: Sendable, Hashable {
    /// Who speaks. The names are the template's own words, so they can be part of a control token; all else in a message
    /// is user text.
    public enum Role: String, Sendable, Hashable, CaseIterable {
        case system, developer, user, assistant, tool
    }

    public var role: Role
    /// What is said; null in a message that only calls tools, or a list of parts.
    public var content: JSONValue
    /// Further fields in order, such as `tool_calls`, `tool_call_id`, `name`, `reasoning_content`.
    public var fields: [JSONValue.Member]

    public init(_ role: Role, _ content: String, fields: [JSONValue.Member] = []) {
        self.init(role, content: .string(content), fields: fields)
    }

    public init(_ role: Role, content: JSONValue, fields: [JSONValue.Member] = []) {
        self.role = role
        self.content = content
        self.fields = fields
    }

    /// The message as a template sees it.
    var value: TemplateValue {
        var members = [
            TemplateValue.Member(key: .text("role"), value: .text(TemplateText(role.rawValue))),
            TemplateValue.Member(key: .text("content"), value: TemplateValue(content)),
        ]
        for field in fields where field.name != "role" && field.name != "content" {
            members.append(
                TemplateValue.Member(
                    key: .text(TemplateText(field.name, isUser: true)), value: TemplateValue(field.value)))
        }
        return .object(members)
    }
}
