internal import Braid

/// A request of `/v1/chat/completions`.
struct ChatCompletionRequest: Sendable {
    /// What it asks of a run.
    var run: RunRequest
    /// Answers, each a run of its own (`n`).
    var answers: Int
    /// The first field that no run can serve and that is passed on where there is an upstream: tools, pictures,
    /// log-probabilities, a form of the answer.
    var foreignField: String?

    /// Fields that are kept by the client or the provider alone.
    private static let harmless: Set<String> = [
        "user", "metadata", "safety_identifier", "store", "service_tier", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "verbosity",
    ]
    private static let names = SamplingFields.names.union(StreamFields.names).union(harmless).union([
        "model", "messages", "max_tokens", "max_completion_tokens", "n", "stop", "logprobs", "top_logprobs",
        "response_format", "reasoning_effort", "reasoning", "chat_template_kwargs", "braid", "tools", "tool_choice",
        "parallel_tool_calls", "functions", "function_call", "modalities", "audio", "frequency_penalty",
        "presence_penalty", "logit_bias", "web_search_options",
    ])

    /// Reads a request's body.
    ///
    /// `n` is at most 8, `max_completion_tokens` goes before `max_tokens` and bounds all tokens of all threads of one
    /// answer, and a field that is null counts as missing. Fields that would change the answer and are not heeded are
    /// named in ``RunRequest/ignoredFields``.
    /// - Throws: an error of status 400 that names the field.
    init(_ document: JSONDocument) throws(OpenAIError) {
        let members = try JSONMembers(document.root, knowing: Self.names)
        var foreign: String?
        var ignored = IgnoredFields()
        let model = try members.required("model").string(atMost: RequestLimits.nameBytes)
        let messages = try ChatMessage.list(try members.required("messages"), foreign: &foreign)
        run = RunRequest(model: model, messages: messages.map(\.message))
        let tokens = try members.integer("max_tokens", in: 1...RequestLimits.tokens)
        run.maximumTokens = try members.integer("max_completion_tokens", in: 1...RequestLimits.tokens) ?? tokens
        answers = try members.integer("n", in: 1...RequestLimits.answers) ?? 1
        run.apply(try SamplingFields(members))
        run.stops = try StopField.read(members)
        let stream = try StreamFields(members, ignored: &ignored)
        run.isStreaming = stream.isStreamed
        run.includesUsage = stream.includesUsage
        // An answer that a method composed has no tokens of its own.
        if try members.bool("logprobs", default: false) { foreign = foreign ?? "logprobs" }
        if let count = try members.integer("top_logprobs", in: 0...RequestLimits.topLogProbabilities), count > 0 {
            foreign = foreign ?? "top_logprobs"
        }
        try Self.readFormat(members, foreign: &foreign)
        run.isPlain = try Self.effort(members, ignored: &ignored) == ReasoningEffort.none
        run.options = try RunOptions(members)
        try Self.readTools(members, foreign: &foreign)
        try Self.readIgnored(members, ignored: &ignored)
        ignored.add(members.unknown)
        foreignField = foreign
        run.ignoredFields = ignored.names
    }

    private static func readFormat(_ members: JSONMembers, foreign: inout String?) throws(OpenAIError) {
        guard let field = members["response_format"] else { return }
        let format = try JSONMembers(field, knowing: ["type", "json_schema"])
        let kind = try format.required("type").word(ResponseFormat.self)
        if kind == .jsonSchema {
            let schema = try format.required("json_schema")
            guard schema.kind == .object else { throw schema.wrongType("an object") }
        }
        kind.check(field.path, foreign: &foreign)
    }

    private static func effort(
        _ members: JSONMembers, ignored: inout IgnoredFields
    ) throws(OpenAIError) -> ReasoningEffort? {
        if let field = members["chat_template_kwargs"] {
            let arguments = try JSONMembers(field, knowing: ["enable_thinking"])
            ignored.add(arguments.unknown.map { "chat_template_kwargs.\($0)" })
            if let thinking = arguments["enable_thinking"], try !thinking.bool() { return ReasoningEffort.none }
        }
        if let field = members["reasoning_effort"] { return try field.word(ReasoningEffort.self) }
        guard let field = members["reasoning"] else { return nil }
        let reasoning = try JSONMembers(field, knowing: ["effort"])
        ignored.add(reasoning.unknown.map { "reasoning.\($0)" })
        guard let effort = reasoning["effort"] else { return nil }
        return try effort.word(ReasoningEffort.self)
    }

    /// Finds fields that ask for tools; a client that sends none, or forbids them, asks for nothing.
    private static func readTools(_ members: JSONMembers, foreign: inout String?) throws(OpenAIError) {
        var areForbidden = false
        for name in ["tool_choice", "function_call"] {
            guard let choice = members[name] else { continue }
            guard choice.kind == .string || choice.kind == .object else {
                throw choice.wrongType("a string or an object")
            }
            if choice.kind == .string, try choice.string(atMost: RequestLimits.nameBytes) == "none" {
                areForbidden = true
            }
        }
        for name in ["tools", "functions"] {
            guard let tools = members[name] else { continue }
            let list = try tools.elements(atMost: 1024)
            for tool in list where tool.kind != .object { throw tool.wrongType("an object") }
            if !list.isEmpty, !areForbidden { foreign = foreign ?? name }
        }
        _ = try members.bool("parallel_tool_calls", default: true)
        if let modalities = members["modalities"] {
            for (index, modality) in try modalities.elements(atMost: 16).enumerated()
            where try modality.string(atMost: RequestLimits.nameBytes) != "text" {
                foreign = foreign ?? "modalities[\(index)]"
            }
        }
        for name in ["audio", "web_search_options"] where members[name] != nil { foreign = foreign ?? name }
    }

    /// Reports what only an upstream heeds, unless it has the value that changes nothing.
    private static func readIgnored(_ members: JSONMembers, ignored: inout IgnoredFields) throws(OpenAIError) {
        for name in ["frequency_penalty", "presence_penalty"] {
            if let value = try members.number(name, in: -2...2), value != 0 { ignored.add(name) }
        }
        if let bias = members["logit_bias"] {
            guard bias.kind == .object else { throw bias.wrongType("an object") }
            if !bias.isEmpty { ignored.add("logit_bias") }
        }
    }
}
