/// How `/v1/completions` tells of continuations: as one document, or as a stream of events.
struct CompletionFormat: Sendable {
    private let id: String
    private let created: Int
    private let model: String
    private let includesUsage: Bool

    /// Prepares the answer.
    /// - Parameters:
    ///   - id: a name of its own, `cmpl-...`.
    ///   - created: seconds since 1970.
    init(id: String, created: Int, model: String, includesUsage: Bool) {
        self.id = id
        self.created = created
        self.model = model
        self.includesUsage = includesUsage
    }

    /// The body of an answer that is sent at once.
    func document(_ choices: [CompletionChoice], promptTokens: Int, completionTokens: Int) -> [UInt8] {
        var object = head
        object.add("choices", choices.map(\.json))
        object.add("usage", Self.usage(promptTokens, completionTokens))
        return object.bytes
    }

    /// Adds a piece of a choice.
    func chunk(_ choice: CompletionChoice, _ stream: inout [UInt8]) {
        var object = head
        object.add("choices", [choice.json])
        if includesUsage { object.addNull("usage") }
        Self.event(object, &stream)
    }

    /// Ends a stream that is whole.
    func end(promptTokens: Int, completionTokens: Int, _ stream: inout [UInt8]) {
        if includesUsage {
            var object = head
            object.add("choices", [JSONObject]())
            object.add("usage", Self.usage(promptTokens, completionTokens))
            Self.event(object, &stream)
        }
        stream += "data: [DONE]\n\n".utf8
    }

    /// Breaks a stream off: without an end, so that nobody takes it for whole.
    func fail(_ error: OpenAIError, _ stream: inout [UInt8]) {
        stream += "event: error\ndata: ".utf8
        stream += error.body
        stream += "\n\n".utf8
    }

    private var head: JSONObject {
        var object = JSONObject()
        object.add("id", id)
        object.add("object", "text_completion")
        object.add("created", created)
        object.add("model", model)
        return object
    }

    private static func usage(_ promptTokens: Int, _ completionTokens: Int) -> JSONObject {
        var usage = JSONObject()
        usage.add("prompt_tokens", promptTokens)
        usage.add("completion_tokens", completionTokens)
        usage.add("total_tokens", promptTokens + completionTokens)
        return usage
    }

    private static func event(_ object: JSONObject, _ stream: inout [UInt8]) {
        stream += "data: ".utf8
        stream += object.bytes
        stream += "\n\n".utf8
    }
}
