public import Braid

extension EmbeddedEngine {
    /// The prompt of a conversation in the words of the model's chat template, ready for ``open(_:)`` or `extend`.
    ///
    /// This is how to talk to a model that was not trained on a Braid dialect: its tokenizer lacks the dialect's tags, so
    /// only methods that ask in plain words run on it, see `PromptedMethod`. The tokens are those of the whole text, and
    /// text of a message never becomes a control token.
    ///
    /// - Parameters:
    ///   - tools: Descriptions of tools, as JSON schemas.
    ///   - addsGenerationPrompt: Whether the prompt ends where an assistant's answer begins.
    ///   - variables: What else the template is to see, such as `enable_thinking`. Their text is user text.
    ///   - time: What a template that asks for the time is told.
    /// - Throws: `EngineError/unsupported(_:)` if the model has no chat template, ``ModelLoadingError`` or
    ///   ``ChatTemplateError`` if it has one that cannot be used.
    public func prompt(
        for messages: [ChatMessage], tools: [JSONValue] = [], addsGenerationPrompt: Bool = true,
        variables: [String: JSONValue] = [:], time: ChatTime? = nil
    ) throws -> TokenText {
        guard let template = try chatTemplate.get() else {
            throw EngineError.unsupported(
                "conversations: \(description.model) comes without a chat template; give the prompt as text")
        }
        let prompt = try template.render(
            messages, tools: tools, addsGenerationPrompt: addsGenerationPrompt, variables: variables, time: time)
        return TokenText([.tokens(tokenizer.encode(prompt))])
    }

    /// A prompt in the words of the model's chat template; as plain text for a model that has none.
    ///
    /// A template that can switch thinking off is told to: the method that asks says itself what is to be thought about, and
    /// reads the whole reply.
    /// - Throws: ``ModelLoadingError`` or ``ChatTemplateError`` if the template cannot be used.
    public func text(of prompt: Prompt) throws -> TokenText {
        guard try chatTemplate.get() != nil else { return prompt.plainText }
        let messages = prompt.messages.map { message in
            switch message.role {
            case .system: ChatMessage(.system, message.text)
            case .user: ChatMessage(.user, message.text)
            case .assistant: ChatMessage(.assistant, message.text)
            }
        }
        let beginning: [TokenText.Piece] = prompt.answerBeginning.isEmpty ? [] : [.text(prompt.answerBeginning)]
        return try self.prompt(for: messages, variables: ["enable_thinking": .bool(false)]) + TokenText(beginning)
    }
}
