internal import Braid

/// Any service with OpenAI's `/v1/chat/completions`: tier T1 where the beginning of an answer can be given, else T0.
struct ChatAdapter: EngineAdapter {
    /// How a service is told that the last message is the beginning of its answer.
    enum Prefill: Sendable, CaseIterable {
        /// It cannot be told.
        case none
        /// `continue_final_message`, as vLLM and SGLang have it.
        case flag
        /// A last message of the assistant is enough, as for llama-server.
        case implied
        /// `prefix` on the message, as DeepSeek and Mistral have it.
        case marked
    }

    private struct Body: Encodable {
        private enum CodingKeys: String, CodingKey {
            case model, messages, temperature, seed, stream, tools
            case maximumTokens = "max_tokens"
            case topP = "top_p"
            case streamOptions = "stream_options"
            case addsGenerationPrompt = "add_generation_prompt"
            case continuesLast = "continue_final_message"
            case toolChoice = "tool_choice"
        }

        var model: String
        var messages: [Message]
        var maximumTokens: Int
        var temperature: Double
        var topP: Double
        var seed: Int64
        var stream = true
        var streamOptions = ["include_usage": true]
        var addsGenerationPrompt: Bool?
        var continuesLast: Bool?
        var tools: [WireTool]?
        var toolChoice: String?
    }

    private struct Message: Encodable {
        var role: Prompt.Message.Role
        var content: String
        var prefix: Bool?
    }

    let prefill: Prefill
    var address: EngineAddress
    let warmsUp = false
    let stopsByToken = false

    var name: String { prefill == .none ? "chat" : "chat-prefill" }
    var tier: EngineDescription.Tier { prefill == .none ? .chat : .chatPrefill }

    func generation(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest {
        guard case .chat(let chat, let continuesLast) = request.prompt else {
            throw .unsupported("a raw prompt: this service has chat only")
        }
        guard !continuesLast || prefill != .none else {
            throw .unsupported("the beginning of an answer: this service has chat only")
        }
        try CompletionsAdapter.check(request.sampling)
        var messages = chat.map { Message(role: $0.role, content: $0.text) }
        if continuesLast, prefill == .marked, !messages.isEmpty { messages[messages.count - 1].prefix = true }
        let usesFlag = continuesLast && prefill == .flag
        // A call cannot go on from the beginning of an answer.
        let form = continuesLast ? nil : request.form
        return address.post(
            "/v1/chat/completions",
            Body(
                model: address.model, messages: messages, maximumTokens: request.maximumTokens,
                temperature: request.sampling.temperature, topP: request.sampling.topP,
                seed: Int64(request.seed >> 1), addsGenerationPrompt: usesFlag ? false : nil,
                continuesLast: usesFlag ? true : nil, tools: form.map { [WireTool($0)] },
                // Not by its name, which llama-server does not take; there is only one.
                toolChoice: form.map { _ in "required" }))
    }

    func reader(for request: GenerationRequest) -> any GenerationReader {
        ChatStreamReader(readsCalls: request.form != nil)
    }
}
