/// The `usage` of OpenAI's routes.
struct WireUsage: Decodable {
    struct Details: Decodable {
        private enum CodingKeys: String, CodingKey {
            case cachedTokens = "cached_tokens"
        }

        var cachedTokens: Int?
    }

    private enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case details = "prompt_tokens_details"
    }

    var promptTokens: Int?
    var completionTokens: Int?
    var details: Details?

    /// The same in our words.
    var usage: GenerationUsage {
        GenerationUsage(
            promptTokens: promptTokens, cachedTokens: details?.cachedTokens, completionTokens: completionTokens)
    }
}
