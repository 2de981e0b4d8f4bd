internal import Braid

/// One message of a request.
struct ChatMessage: Sendable, Hashable {
    /// Who speaks.
    enum Role: String, Sendable, CaseIterable {
        case system, developer, user, assistant, tool, function
    }

    /// Who speaks.
    var role: Role
    /// What is said: the text, or all text parts one after the other.
    var text: String

    /// Creates a message.
    init(_ role: Role, _ text: String) {
        self.role = role
        self.text = text
    }

    /// Reads one.
    /// - Parameter foreign: gets the first field that only another server can serve: pictures, calls of tools.
    init(_ field: JSONField, foreign: inout String?) throws(OpenAIError) {
        // `reasoning` and the like are thoughts that a client sends back; no model here wants to read them again.
        let members = try JSONMembers(
            field,
            knowing: [
                "role", "content", "name", "refusal", "tool_calls", "tool_call_id", "function_call", "audio",
                "reasoning", "reasoning_content", "reasoning_details",
            ])
        role = try members.required("role").word(Role.self)
        _ = try members.string("name", atMost: RequestLimits.nameBytes)
        for name in ["tool_calls", "function_call", "audio"] {
            if let part = members[name], !part.isEmpty || part.kind == .string { foreign = foreign ?? part.path }
        }
        if role == .tool || role == .function { foreign = foreign ?? "\(field.path).role" }
        if let content = members["content"] {
            text = try Self.text(content, foreign: &foreign)
        } else {
            // What only called tools, or refused, says nothing.
            guard role == .assistant else { throw .missing("\(field.path).content") }
            text = try members.string("refusal") ?? ""
        }
    }

    private static func text(_ field: JSONField, foreign: inout String?) throws(OpenAIError) -> String {
        if field.kind == .string { return try field.string() }
        guard field.kind == .array else { throw field.wrongType("a string or an array of parts") }
        var text = ""
        for part in try field.elements(atMost: RequestLimits.messages) {
            let members = try JSONMembers(part, knowing: ["type", "text", "refusal"])
            switch try members.required("type").string(atMost: RequestLimits.nameBytes) {
            case "text": text += try members.required("text").string()
            case "refusal": text += try members.required("refusal").string()
            default: foreign = foreign ?? "\(part.path).type"
            }
        }
        return text
    }

    /// It as the domain has it; a tool's result counts as the user's words.
    var message: Prompt.Message {
        switch role {
        case .system, .developer: Prompt.Message(.system, text)
        case .user, .tool, .function: Prompt.Message(.user, text)
        case .assistant: Prompt.Message(.assistant, text)
        }
    }

    /// Reads the messages of a request, of which at least one is the user's.
    static func list(_ field: JSONField, foreign: inout String?) throws(OpenAIError) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        for element in try field.elements(atMost: RequestLimits.messages) {
            messages.append(try ChatMessage(element, foreign: &foreign))
        }
        guard messages.contains(where: { $0.role == .user }) || foreign != nil else {
            throw .unsupportedValue(field.path, "has no message of the user", allowed: "at least one with role user")
        }
        return messages
    }
}
