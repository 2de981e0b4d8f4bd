internal import Braid

/// One choice of a raw completion, or a piece of it.
struct CompletionChoice: Sendable, Hashable {
    /// Its number among all choices of the request.
    var index: Int
    /// The text.
    var text: String
    /// Its tokens with their log-probabilities; nil where nobody asked for them.
    var scored: [ScoredToken]?
    /// Whether each token stands among its alternatives.
    var showsAlternatives = false
    /// What ended it; nil while it goes on.
    var stop: CompletionStop?
    /// The tokens' ids; nil where nobody asked for them.
    var tokens: [TokenID]?
    /// The prompt's ids; nil where nobody asked for them, and after the first piece.
    var promptTokens: [TokenID]?
    /// The prompt's tokens with their log-probabilities; nil where nobody asked for them.
    var scoredPrompt: [ScoredToken]?

    /// It as JSON, with vLLM's fields beside OpenAI's.
    var json: JSONObject {
        var object = JSONObject()
        object.add("index", index)
        object.add("text", text)
        object.add("logprobs", scored.map { ScoredToken.json($0, showsAlternatives: showsAlternatives) })
        object.add("finish_reason", stop?.finish.rawValue)
        switch stop {
        case .token(let id): object.add("stop_reason", Int(id))
        case .text(let text): object.add("stop_reason", text)
        case .modelEnd, .limit, nil: object.addNull("stop_reason")
        }
        if let tokens { object.add("token_ids", tokens) }
        if let promptTokens { object.add("prompt_token_ids", promptTokens) }
        if let scoredPrompt { object.add("prompt_logprobs", list: scoredPrompt.map(\.promptEntry)) }
        return object
    }
}
