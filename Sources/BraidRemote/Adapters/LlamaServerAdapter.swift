internal import Braid

/// llama-server of llama.cpp: its own `/completion`, with token ids in and out.
///
/// It has no stops by id, and its control tokens have no text for a stop text to match; whoever reads the stream watches
/// the ids and closes the connection. Its sampling defaults are its own, so every field is sent, and a limit too, because
/// by default there is none and a closed connection is not noticed in every version.
struct LlamaServerAdapter: EngineAdapter {
    private struct Body: Encodable {
        private enum CodingKeys: String, CodingKey {
            case prompt, temperature, seed, stop, stream
            case maximumTokens = "n_predict"
            case maximumMilliseconds = "t_max_predict_ms"
            case topK = "top_k"
            case topP = "top_p"
            case minP = "min_p"
            case typicalP = "typical_p"
            case repetitionPenalty = "repeat_penalty"
            case repetitionWindow = "repeat_last_n"
            case presencePenalty = "presence_penalty"
            case frequencyPenalty = "frequency_penalty"
            case cachesPrompt = "cache_prompt"
            case returnsTokens = "return_tokens"
        }

        var prompt: WirePrompt
        var maximumTokens: Int
        var maximumMilliseconds = 600_000
        var temperature: Double
        var topK: Int
        var topP: Double
        var minP: Double
        var typicalP = 1.0
        var repetitionPenalty: Double
        var repetitionWindow: Int
        var presencePenalty = 0.0
        var frequencyPenalty = 0.0
        var seed: UInt32
        var stop: [String] = []
        var stream = true
        var cachesPrompt = true
        var returnsTokens = true
    }

    private struct Tokenization: Encodable {
        private enum CodingKeys: String, CodingKey {
            case content
            case addsSpecialTokens = "add_special"
            case parsesSpecialTokens = "parse_special"
        }

        var content: String
        var addsSpecialTokens = false
        var parsesSpecialTokens = true
    }

    let name = "llama-server"
    let tier: EngineDescription.Tier
    let warmsUp = true
    let stopsByToken = false
    /// Longest context, over which a repetition penalty looks.
    let contextLength: Int
    var address: EngineAddress

    var health: HTTPRequest { address.get("/health") }

    func generation(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest {
        try post(request, maximumTokens: request.maximumTokens)
    }

    func prefill(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest {
        try post(request, maximumTokens: 0)
    }

    func reader(for request: GenerationRequest) -> any GenerationReader {
        LlamaServerStreamReader(asksForTokens: tier == .tokens)
    }

    func tokenization(of text: String) -> HTTPRequest? {
        address.post("/tokenize", Tokenization(content: text))
    }

    private func post(_ request: GenerationRequest, maximumTokens: Int) throws(EngineError) -> HTTPRequest {
        let sampling = request.sampling
        return address.post(
            "/completion",
            Body(
                prompt: try WirePrompt(request.prompt, engine: name), maximumTokens: maximumTokens,
                temperature: sampling.temperature, topK: sampling.topK, topP: sampling.topP, minP: sampling.minP,
                repetitionPenalty: sampling.repetitionPenalty, repetitionWindow: contextLength,
                // The largest value asks for a random seed.
                seed: min(UInt32(truncatingIfNeeded: request.seed ^ (request.seed >> 32)), UInt32.max - 1)))
    }
}
