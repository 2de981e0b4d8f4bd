internal import Braid

/// The body of `POST /v1/completions`: raw continuation of a prompt, with the fields that research clients send to vLLM.
struct CompletionRequest: Sendable {
    /// What is continued.
    enum Prompt: Sendable, Hashable {
        case text(String)
        case tokens([TokenID])
    }

    /// `model`.
    var model: String
    /// `prompt`: one or several.
    var prompts: [Prompt]
    /// Where each prompt stands in the body.
    var promptPaths: [String]
    /// `max_tokens`; 0 only where the prompt is to be scored.
    var maximumTokens: Int
    /// `min_tokens`: stops before that are passed over.
    var minimumTokens: Int
    /// `n`: continuations of each prompt.
    var answers: Int
    /// How tokens are drawn.
    var sampling: SamplingFields
    /// `stop`.
    var stops: [String]
    /// `stop_token_ids`.
    var stopTokens: [TokenID]
    /// `include_stop_str_in_output`.
    var includesStop: Bool
    /// `ignore_eos`: whether to go on after the model's end.
    var ignoresEnd: Bool
    /// `skip_special_tokens`: whether control tokens are left out of the text.
    var skipsSpecialTokens: Bool
    /// `add_special_tokens`: whether a text prompt begins with what the model expects there.
    var addsSpecialTokens: Bool
    /// `return_token_ids`.
    var returnsTokens: Bool
    /// `return_tokens_as_token_ids`: whether log-probabilities name tokens by their ids.
    var namesTokensByID: Bool
    /// `echo`: whether the prompt stands before its continuation.
    var echoes: Bool
    /// `logprobs`; nil for none.
    var logProbabilities: Int?
    /// `prompt_logprobs`; nil for none.
    var promptLogProbabilities: Int?
    /// How the answer is sent.
    var stream: StreamFields
    /// Fields that change nothing.
    var ignored = IgnoredFields()

    /// Log-probabilities are known of the tokens that were drawn, not of those that were not.
    private static let alternatives = 0...1
    /// Fields that are kept by the client or the provider alone.
    private static let harmless: Set<String> = [
        "user", "metadata", "request_id", "session_id", "cache_salt", "priority", "spaces_between_special_tokens",
        "best_of", "suffix", "frequency_penalty", "presence_penalty", "logit_bias",
    ]
    private static let names = SamplingFields.names.union(StreamFields.names).union(harmless).union([
        "model", "prompt", "max_tokens", "min_tokens", "n", "stop", "stop_token_ids", "include_stop_str_in_output",
        "ignore_eos", "skip_special_tokens", "add_special_tokens", "return_token_ids", "return_tokens_as_token_ids",
        "echo", "logprobs", "prompt_logprobs",
    ])

    /// Reads a body.
    /// - Throws: ``OpenAIError`` 400.
    init(_ document: JSONDocument) throws(OpenAIError) {
        let members = try JSONMembers(document.root, knowing: Self.names)
        var ignored = IgnoredFields()
        model = try members.required("model").string(atMost: RequestLimits.nameBytes)
        (prompts, promptPaths) = try Self.prompts(try members.required("prompt"))
        stream = try StreamFields(members, ignored: &ignored)
        echoes = try members.bool("echo", default: false)
        logProbabilities = try Self.alternatives(members, "logprobs")
        promptLogProbabilities = try Self.alternatives(members, "prompt_logprobs")
        if promptLogProbabilities != nil, stream.isStreamed {
            throw .unsupportedField("prompt_logprobs", "is not given in a stream; send stream: false")
        }
        let scoresOnly = echoes || promptLogProbabilities != nil
        maximumTokens =
            try members.integer("max_tokens", in: (scoresOnly ? 0 : 1)...RequestLimits.tokens) ?? 16
        minimumTokens = try members.integer("min_tokens", in: 0...RequestLimits.tokens) ?? 0
        guard minimumTokens <= maximumTokens else {
            throw .unsupportedValue(
                "min_tokens", "is \(minimumTokens)", allowed: "at most max_tokens, \(maximumTokens)")
        }
        answers = try members.integer("n", in: 1...RequestLimits.answers) ?? 1
        sampling = try SamplingFields(members)
        stops = try StopField.read(members)
        stopTokens = try members["stop_token_ids"]?.tokens(atMost: RequestLimits.stopTokens) ?? []
        includesStop = try members.bool("include_stop_str_in_output", default: false)
        ignoresEnd = try members.bool("ignore_eos", default: false)
        skipsSpecialTokens = try members.bool("skip_special_tokens", default: true)
        addsSpecialTokens = try members.bool("add_special_tokens", default: true)
        returnsTokens = try members.bool("return_token_ids", default: false)
        namesTokensByID = try members.bool("return_tokens_as_token_ids", default: false)
        if members["suffix"] != nil { throw .unsupportedField("suffix", "is not served; put all into prompt") }
        if let best = try members.integer("best_of", in: 1...RequestLimits.answers), best != answers {
            throw .unsupportedValue("best_of", "is \(best)", allowed: "the same as n, \(answers)")
        }
        for name in ["frequency_penalty", "presence_penalty"] {
            if let value = try members.number(name, in: -2...2), value != 0 { ignored.add(name) }
        }
        if let bias = members["logit_bias"], bias.kind != .object || !bias.isEmpty { ignored.add("logit_bias") }
        ignored.add(members.unknown)
        self.ignored = ignored
    }

    private static func alternatives(_ members: JSONMembers, _ name: String) throws(OpenAIError) -> Int? {
        guard let field = members[name] else { return nil }
        // OpenAI's chat has a truth value under this name.
        if field.kind == .boolean { return try field.bool() ? 0 : nil }
        let count = try field.integer(in: -1...Int(Int32.max))
        guard alternatives.contains(count) else {
            throw .unsupportedValue(
                name, "is \(count)", allowed: "0 and 1, because only the tokens in the text have log-probabilities here"
            )
        }
        return count
    }

    private static func prompts(_ field: JSONField) throws(OpenAIError) -> ([Prompt], [String]) {
        switch (field.kind, field.firstElement?.kind) {
        case (.string, _): return ([try text(field)], [field.path])
        case (.array, .number): return ([try tokens(field)], [field.path])
        case (.array, .some):
            var prompts: [Prompt] = []
            let elements = try field.elements(atMost: RequestLimits.prompts)
            for element in elements {
                prompts.append(element.kind == .array ? try tokens(element) : try text(element))
            }
            return (prompts, elements.map(\.path))
        case (.array, nil):
            throw .unsupportedValue(field.path, "is empty", allowed: "at least one token or text")
        default: throw field.wrongType("a string, an array of strings, or an array of token ids")
        }
    }

    private static func text(_ field: JSONField) throws(OpenAIError) -> Prompt {
        let text = try field.string()
        guard !text.isEmpty else { throw .unsupportedValue(field.path, "is empty", allowed: "at least one character") }
        return .text(text)
    }

    private static func tokens(_ field: JSONField) throws(OpenAIError) -> Prompt {
        let tokens = try field.tokens(atMost: RequestLimits.promptTokens)
        guard !tokens.isEmpty else { throw .unsupportedValue(field.path, "is empty", allowed: "at least one token") }
        return .tokens(tokens)
    }
}
