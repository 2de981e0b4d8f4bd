internal import Braid

/// Any service with OpenAI's `/v1/completions`: text in and out, tier T2.
///
/// No stops are sent. The service would cut the tag out of the text and not say which of several it was, nor tell a tag
/// from the model's own end; whoever reads the stream finds the tag in the text and closes the connection.
struct CompletionsAdapter: EngineAdapter {
    private struct Body: Encodable {
        private enum CodingKeys: String, CodingKey {
            case model, prompt, temperature, seed, stream
            case maximumTokens = "max_tokens"
            case topP = "top_p"
            case presencePenalty = "presence_penalty"
            case frequencyPenalty = "frequency_penalty"
            case streamOptions = "stream_options"
        }

        var model: String
        var prompt: WirePrompt
        var maximumTokens: Int
        var temperature: Double
        var topP: Double
        var presencePenalty = 0.0
        var frequencyPenalty = 0.0
        var seed: Int64
        var stream = true
        var streamOptions = ["include_usage": true]
    }

    let name = "completions"
    let tier = EngineDescription.Tier.text
    let warmsUp = false
    let stopsByToken = false
    var address: EngineAddress

    func generation(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest {
        try Self.check(request.sampling)
        return address.post(
            "/v1/completions",
            Body(
                model: address.model, prompt: try WirePrompt(request.prompt, engine: name),
                maximumTokens: request.maximumTokens, temperature: request.sampling.temperature,
                topP: request.sampling.topP, seed: Int64(request.seed >> 1)))
    }

    func reader(for request: GenerationRequest) -> any GenerationReader {
        CompletionStreamReader(asksForTokens: false, needsDone: false)
    }

    /// Refuses sampling that OpenAI's routes have no field for.
    static func check(_ sampling: SamplingParameters) throws(EngineError) {
        if sampling.topK != 0 { throw .unsupported("--top-k: OpenAI's routes have no field for it") }
        if sampling.minP != 0 { throw .unsupported("--min-p: OpenAI's routes have no field for it") }
        if sampling.repetitionPenalty != 1 {
            throw .unsupported("a repetition penalty: OpenAI's routes have no field for it")
        }
    }
}
