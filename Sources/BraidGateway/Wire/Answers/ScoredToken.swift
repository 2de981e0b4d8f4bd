internal import Braid

/// A token of a raw completion with its log-probability.
struct ScoredToken: Sendable, Hashable {
    /// The token.
    var id: TokenID
    /// How it is shown: its text, its tag, or `token_id:7`.
    var shown: String
    /// Natural logarithm of its probability; nil for the first token of a context, which nothing foretells.
    var value: Float?
    /// Where its text begins, in bytes from the beginning of the choice's text.
    var offset: Int

    /// The number that stands for it in JSON, which has no infinity.
    var number: Double? { value.map { $0.isNaN ? -9999 : Double(max(-9999, $0)) } }

    /// OpenAI's object of parallel lists about some tokens.
    /// - Parameter showsAlternatives: whether each token stands among its own alternatives, of which no others are known.
    static func json(_ tokens: [ScoredToken], showsAlternatives: Bool) -> JSONObject {
        var object = JSONObject()
        object.add("text_offset", list: tokens.map { Array(String($0.offset).utf8) })
        object.add("token_logprobs", list: tokens.map { token in token.number.map { Array("\($0)".utf8) } })
        object.add("tokens", tokens.map(\.shown))
        object.add(
            "top_logprobs",
            list: tokens.map { token in
                guard showsAlternatives, let number = token.number else { return nil }
                var alternatives = JSONObject()
                alternatives.add(token.shown, number)
                return alternatives.bytes
            })
        return object
    }

    /// It as `prompt_logprobs` lists it; nil for null.
    var promptEntry: [UInt8]? {
        guard let number else { return nil }
        var entry = JSONObject()
        entry.add("logprob", number)
        // Where it stands among all tokens, an engine does not say.
        entry.addNull("rank")
        entry.add("decoded_token", shown)
        var object = JSONObject()
        object.add(String(id), entry)
        return object.bytes
    }
}
