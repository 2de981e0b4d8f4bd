internal import Braid

/// What stands in a remote context: the whole prompt of its next request.
struct Transcript: Sendable, Hashable {
    /// The ids, on engines that take them.
    private(set) var tokens: [TokenID] = []
    /// The text, as far as it is known; the truth where there are no ids.
    private(set) var text = ""
    /// Messages, on engines that have chat only; the last one may be the beginning of the model's answer.
    private(set) var messages: [Prompt.Message] = []
    /// Tokens in it; estimated where there are no ids.
    private(set) var count = 0

    /// Appends known text.
    mutating func append(_ part: EncodedText) {
        tokens += part.tokens
        text += part.text
        count += part.count
        for message in part.messages { extend(message.text, by: message.role) }
    }

    /// Appends a decoded token.
    mutating func append(_ token: DecodedToken) {
        if token.id != TextAssembler.unknownID { tokens.append(token.id) }
        let written = token.control ?? token.text
        text += written
        count += 1
        extend(written, by: .assistant)
    }

    /// A generation that goes on from here.
    func request(
        tier: EngineDescription.Tier, sampling: SamplingParameters, seed: UInt64, stopTokens: [TokenID],
        maximumTokens: Int, form: ReplyForm? = nil
    ) -> GenerationRequest {
        let prompt: GenerationRequest.Prompt =
            switch tier {
            case .tokens: .tokens(tokens)
            case .text: .text(text)
            case .chat, .chatPrefill: .chat(messages, continuesLast: messages.last?.role == .assistant)
            }
        return GenerationRequest(
            id: RequestID.make(), prompt: prompt, promptText: tier == .tokens ? text : nil, sampling: sampling,
            seed: seed, stopTokens: stopTokens, maximumTokens: maximumTokens, form: form)
    }

    private mutating func extend(_ text: String, by role: Prompt.Message.Role) {
        if messages.last?.role == role {
            messages[messages.count - 1].text += text
        } else {
            messages.append(Prompt.Message(role, text))
        }
    }
}
