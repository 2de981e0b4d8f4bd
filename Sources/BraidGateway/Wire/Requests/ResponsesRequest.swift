internal import Braid

/// A request of `/v1/responses`.
struct ResponsesRequest: Sendable {
    /// What it asks of a run; its messages are `instructions`, then `input`.
    var run: RunRequest
    /// `instructions`, to be repeated in the answer.
    var instructions: String?
    /// `reasoning.effort`.
    var effort: ReasoningEffort?
    /// `metadata`, to be repeated in the answer.
    var metadata: [(name: String, value: String)]
    /// `user`, to be repeated in the answer.
    var user: String?
    /// The first field that no run can serve: tools, pictures, files, a form of the answer.
    var foreignField: String?

    private static let harmless: Set<String> = [
        "service_tier", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "include", "truncation",
        "max_tool_calls", "client_metadata", "stream_options",
    ]
    private static let names = SamplingFields.names.union(harmless).union([
        "model", "input", "instructions", "max_output_tokens", "stream", "reasoning", "text", "metadata", "user",
        "braid", "tools", "tool_choice", "parallel_tool_calls", "previous_response_id", "conversation", "prompt",
        "background", "store", "top_logprobs",
    ])

    /// Reads a body.
    /// - Throws: ``OpenAIError`` 400.
    init(_ document: JSONDocument) throws(OpenAIError) {
        let members = try JSONMembers(document.root, knowing: Self.names)
        var foreign: String?
        var ignored = IgnoredFields()
        let model = try members.required("model").string(atMost: RequestLimits.nameBytes)
        try Self.refuseState(members)
        instructions = try members.string("instructions")
        var messages = try Self.input(try members.required("input"), foreign: &foreign)
        guard messages.contains(where: { $0.role == .user }) || foreign != nil else {
            throw .unsupportedValue("input", "has no message of the user", allowed: "at least one with role user")
        }
        if let instructions { messages.insert(ChatMessage(.system, instructions), at: 0) }
        run = RunRequest(model: model, messages: messages.map(\.message))
        run.maximumTokens = try members.integer("max_output_tokens", in: 1...RequestLimits.tokens)
        run.apply(try SamplingFields(members))
        run.isStreaming = try members.bool("stream", default: false)
        run.includesUsage = true
        if let field = members["reasoning"] {
            let reasoning = try JSONMembers(field, knowing: ["effort", "summary", "generate_summary"])
            if let field = reasoning["effort"] { effort = try field.word(ReasoningEffort.self) }
            // Thoughts are given whole.
            for name in ["summary", "generate_summary"] where reasoning[name] != nil {
                ignored.add("reasoning.\(name)")
            }
            ignored.add(reasoning.unknown.map { "reasoning.\($0)" })
        }
        run.isPlain = effort == ReasoningEffort.none
        try Self.readText(members, ignored: &ignored, foreign: &foreign)
        metadata = try Self.metadata(members)
        user = try members.string("user", atMost: RequestLimits.nameBytes)
        run.options = try RunOptions(members)
        try Self.readTools(members, foreign: &foreign)
        if try members.bool("store", default: false) { ignored.add("store") }
        if let count = try members.integer("top_logprobs", in: 0...RequestLimits.topLogProbabilities), count > 0 {
            ignored.add("top_logprobs")
        }
        ignored.add(members.unknown)
        foreignField = foreign
        run.ignoredFields = ignored.names
    }

    /// Finds tools; a client that sends none, or forbids them, asks for nothing.
    private static func readTools(_ members: JSONMembers, foreign: inout String?) throws(OpenAIError) {
        _ = try members.bool("parallel_tool_calls", default: true)
        guard let tools = members["tools"] else { return }
        let list = try tools.elements(atMost: 1024)
        for tool in list where tool.kind != .object { throw tool.wrongType("an object") }
        if let choice = members["tool_choice"], choice.kind == .string,
            try choice.string(atMost: RequestLimits.nameBytes) == "none"
        {
            return
        }
        if !list.isEmpty { foreign = foreign ?? "tools" }
    }

    /// Refuses what leans on earlier responses: none is stored.
    private static func refuseState(_ members: JSONMembers) throws(OpenAIError) {
        for name in ["previous_response_id", "conversation"] where members[name] != nil {
            throw .unsupportedField(name, "is not served, because no response is stored; send the whole input")
        }
        if members["prompt"] != nil {
            throw .unsupportedField("prompt", "is not served, because no prompt is stored; send instructions and input")
        }
        if try members.bool("background", default: false) {
            throw .unsupportedField("background", "is not served; send stream: true and read the answer as it comes")
        }
    }

    private static func input(_ field: JSONField, foreign: inout String?) throws(OpenAIError) -> [ChatMessage] {
        if field.kind == .string { return [ChatMessage(.user, try field.string())] }
        guard field.kind == .array else { throw field.wrongType("a string or an array of items") }
        var messages: [ChatMessage] = []
        for element in try field.elements(atMost: RequestLimits.messages) {
            let item = try JSONMembers(
                element,
                knowing: ["type", "role", "content", "id", "status", "summary", "encrypted_content", "phase"])
            switch try item.string("type", atMost: RequestLimits.nameBytes) ?? "message" {
            case "message":
                let role = try item.required("role").word(ChatMessage.Role.self)
                messages.append(ChatMessage(role, try text(try item.required("content"), foreign: &foreign)))
            // Thoughts that a client sends back; no model here wants to read them again.
            case "reasoning": break
            case "item_reference":
                throw .unsupportedField(
                    "\(element.path).type", "is item_reference, and no item is stored; send the item itself")
            default: foreign = foreign ?? "\(element.path).type"
            }
        }
        return messages
    }

    private static func text(_ field: JSONField, foreign: inout String?) throws(OpenAIError) -> String {
        if field.kind == .string { return try field.string() }
        guard field.kind == .array else { throw field.wrongType("a string or an array of parts") }
        var text = ""
        for part in try field.elements(atMost: RequestLimits.messages) {
            let members = try JSONMembers(part, knowing: ["type", "text", "refusal", "annotations", "logprobs"])
            switch try members.required("type").string(atMost: RequestLimits.nameBytes) {
            case "input_text", "output_text", "text": text += try members.required("text").string()
            case "refusal": text += try members.required("refusal").string()
            default: foreign = foreign ?? "\(part.path).type"
            }
        }
        return text
    }

    private static func readText(
        _ members: JSONMembers, ignored: inout IgnoredFields, foreign: inout String?
    ) throws(OpenAIError) {
        guard let field = members["text"] else { return }
        let text = try JSONMembers(field, knowing: ["format", "verbosity"])
        ignored.add(text.unknown.map { "text.\($0)" })
        guard let format = text["format"] else { return }
        let kind = try JSONMembers(format, knowing: ["type", "name", "schema", "strict", "description"])
        try kind.required("type").word(ResponseFormat.self).check(format.path, foreign: &foreign)
    }

    private static func metadata(_ members: JSONMembers) throws(OpenAIError) -> [(name: String, value: String)] {
        guard let field = members["metadata"] else { return [] }
        var members: [(name: String, node: Int)] = []
        try field.forEachMember { name, node in
            if members.count <= RequestLimits.metadata { members.append((name, node)) }
        }
        guard members.count <= RequestLimits.metadata else {
            throw .unsupportedValue("metadata", "has more members", allowed: "at most \(RequestLimits.metadata)")
        }
        var metadata: [(name: String, value: String)] = []
        for (name, node) in members {
            let shown = String(name.prefix(64))
            let value = try field.part(node: node, named: shown).string(atMost: RequestLimits.nameBytes)
            metadata.append((name, value))
        }
        return metadata
    }
}
