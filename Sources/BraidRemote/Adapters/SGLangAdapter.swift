internal import Braid

/// SGLang: its own `/generate`, with token ids in and out, stops by id, and a call that aborts a request.
///
/// Its OpenAI route has no field that keeps special tokens apart, so it is not used. A closed connection ends a request
/// only seconds later, in some versions never; the abort call names it by its `rid`.
struct SGLangAdapter: EngineAdapter {
    private struct Body: Encodable {
        private enum CodingKeys: String, CodingKey {
            case text, rid, stream
            case tokens = "input_ids"
            case sampling = "sampling_params"
            case returnsLogProbabilities = "return_logprob"
        }

        var tokens: [TokenID]?
        var text: String?
        var rid: String
        var stream = true
        var returnsLogProbabilities = false
        var sampling: Sampling
    }

    private struct Sampling: Encodable {
        private enum CodingKeys: String, CodingKey {
            case temperature, n
            case maximumTokens = "max_new_tokens"
            case topP = "top_p"
            case topK = "top_k"
            case minP = "min_p"
            case repetitionPenalty = "repetition_penalty"
            case presencePenalty = "presence_penalty"
            case frequencyPenalty = "frequency_penalty"
            case seed = "sampling_seed"
            case stopTokens = "stop_token_ids"
            case keepsStop = "no_stop_trim"
            case skipsSpecialTokens = "skip_special_tokens"
            case spacesBetweenSpecialTokens = "spaces_between_special_tokens"
            case ignoresEnd = "ignore_eos"
        }

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
        var keepsStop = true
        var skipsSpecialTokens = false
        var spacesBetweenSpecialTokens = false
        var ignoresEnd = false
        var n = 1
    }

    private struct Abort: Encodable {
        var rid: String
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

    let name = "sglang"
    let tier: EngineDescription.Tier
    let warmsUp = true
    var stopsByToken: Bool { tier == .tokens }
    var address: EngineAddress

    var health: HTTPRequest { address.get("/health") }

    func generation(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest {
        let sampling = request.sampling
        var body = Body(
            rid: request.id,
            sampling: Sampling(
                maximumTokens: request.maximumTokens, temperature: sampling.temperature, topP: sampling.topP,
                topK: sampling.topK > 0 ? sampling.topK : -1, minP: sampling.minP,
                repetitionPenalty: sampling.repetitionPenalty, seed: Int64(request.seed >> 1),
                stopTokens: request.stopTokens))
        switch try WirePrompt(request.prompt, engine: name) {
        case .tokens(let ids): body.tokens = ids
        case .text(let text): body.text = text
        }
        return address.post("/generate", body)
    }

    func reader(for request: GenerationRequest) -> any GenerationReader {
        SGLangStreamReader(asksForTokens: tier == .tokens)
    }

    func abort(_ id: String) -> HTTPRequest? {
        address.post("/abort_request", Abort(rid: id))
    }

    func tokenization(of text: String) -> HTTPRequest? {
        address.post("/tokenize", Tokenization(model: address.model, prompt: text))
    }
}
