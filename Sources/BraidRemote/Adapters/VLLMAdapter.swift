internal import Braid

/// vLLM: `/v1/completions` with token ids in and out and stops by id.
///
/// Stop texts are never sent: with them vLLM holds text back and cuts tags in two, and a special token never matches one
/// while it is skipped. Every sampling field is sent, or the model's `generation_config.json` would decide.
struct VLLMAdapter: EngineAdapter {
    private struct Body: Encodable {
        private enum CodingKeys: String, CodingKey {
            case model, prompt, temperature, seed, stream
            case maximumTokens = "max_tokens"
            case topP = "top_p"
            case topK = "top_k"
            case minP = "min_p"
            case repetitionPenalty = "repetition_penalty"
            case presencePenalty = "presence_penalty"
            case frequencyPenalty = "frequency_penalty"
            case stopTokens = "stop_token_ids"
            case includesStop = "include_stop_str_in_output"
            case skipsSpecialTokens = "skip_special_tokens"
            case spacesBetweenSpecialTokens = "spaces_between_special_tokens"
            case addsSpecialTokens = "add_special_tokens"
            case returnsTokens = "return_token_ids"
            case streamOptions = "stream_options"
            case requestID = "request_id"
        }

        var model: String
        var prompt: WirePrompt
        var maximumTokens: Int
        var temperature: Double
        var topP: Double
        var topK: Int
        var minP: Double
        var repetitionPenalty: Double
        var presencePenalty = 0.0
        var frequencyPenalty = 0.0
        var seed: Int64
        var stopTokens: [TokenID]
        var includesStop = true
        var skipsSpecialTokens = false
        var spacesBetweenSpecialTokens = false
        var addsSpecialTokens = false
        var returnsTokens = true
        var stream = true
        var streamOptions = ["include_usage": true]
        var requestID: String
    }

    private struct Tokenization: Encodable {
        private enum CodingKeys: String, CodingKey {
            case model, prompt
            case addsSpecialTokens = "add_special_tokens"
        }

        var model: String
        var prompt: String
        var addsSpecialTokens = false
    }

    let name = "vllm"
    let tier: EngineDescription.Tier
    let warmsUp = true
    var stopsByToken: Bool { tier == .tokens }
    var address: EngineAddress

    var health: HTTPRequest { address.get("/health") }

    func generation(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest {
        let sampling = request.sampling
        return address.post(
            "/v1/completions",
            Body(
                model: address.model, prompt: try WirePrompt(request.prompt, engine: name),
                maximumTokens: request.maximumTokens, temperature: sampling.temperature, topP: sampling.topP,
                // -1 keeps all in every version; 0 is refused by old ones.
                topK: sampling.topK > 0 ? sampling.topK : -1, minP: sampling.minP,
                repetitionPenalty: sampling.repetitionPenalty, seed: Int64(request.seed >> 1),
                stopTokens: request.stopTokens, requestID: request.id))
    }

    func reader(for request: GenerationRequest) -> any GenerationReader {
        CompletionStreamReader(promptText: request.promptText, asksForTokens: tier == .tokens, needsDone: true)
    }

    func tokenization(of text: String) -> HTTPRequest? {
        address.post("/tokenize", Tokenization(model: address.model, prompt: text))
    }
}
