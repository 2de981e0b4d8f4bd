internal import Braid

/// The answers of `/tokenize` and `/detokenize`, as vLLM gives them.
enum TokenizeFormat {
    /// The tokens of a text.
    /// - Parameter texts: each token by itself; nil where nobody asked for them.
    static func tokens(_ tokens: [TokenID], contextLength: Int, texts: [String]?) -> [UInt8] {
        var object = JSONObject()
        object.add("count", tokens.count)
        object.add("max_model_len", contextLength)
        object.add("tokens", tokens)
        if let texts { object.add("token_strs", texts) } else { object.addNull("token_strs") }
        return object.bytes
    }

    /// The text of tokens.
    static func text(_ text: String) -> [UInt8] {
        var object = JSONObject()
        object.add("prompt", text)
        return object.bytes
    }
}
