internal import Braid

/// The body of `POST /tokenize`, in vLLM's two shapes: a prompt, or messages in the model's chat frame.
struct TokenizeRequest: Sendable {
    /// What is tokenised.
    enum Content: Sendable, Hashable {
        case prompt(String)
        case messages([Prompt.Message])
    }

    /// `model`; nil for the server's first.
    var model: String?
    /// `prompt` or `messages`.
    var content: Content
    /// `add_special_tokens`: true for a prompt; a chat frame has them already.
    var addsSpecialTokens: Bool
    /// `return_token_strs`.
    var returnsTexts: Bool
    /// Fields that change nothing.
    var ignored = IgnoredFields()

    /// Reads a body.
    /// - Throws: ``OpenAIError`` 400.
    init(_ document: JSONDocument) throws(OpenAIError) {
        let members = try JSONMembers(
            document.root,
            knowing: [
                "model", "prompt", "messages", "add_special_tokens", "return_token_strs", "add_generation_prompt",
            ])
        model = try members.string("model", atMost: RequestLimits.nameBytes)
        returnsTexts = try members.bool("return_token_strs", default: false)
        if let messages = members["messages"] {
            if members["prompt"] != nil { throw .unsupportedField("prompt", "does not go with messages; send one") }
            var foreign: String?
            let list = try ChatMessage.list(messages, foreign: &foreign)
            if let foreign { throw .unsupportedField(foreign, "is no text and has no tokens here") }
            content = .messages(list.map(\.message))
            addsSpecialTokens = try members.bool("add_special_tokens", default: false)
            if try !members.bool("add_generation_prompt", default: true) { ignored.add("add_generation_prompt") }
        } else {
            content = .prompt(try members.required("prompt").string())
            addsSpecialTokens = try members.bool("add_special_tokens", default: true)
        }
        ignored.add(members.unknown)
    }
}
