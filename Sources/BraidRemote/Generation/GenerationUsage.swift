/// What a generation used up, by the engine's own count.
struct GenerationUsage: Sendable, Hashable {
    /// Tokens of the prompt.
    var promptTokens: Int?
    /// Those of them that the engine had in its cache.
    var cachedTokens: Int?
    /// Tokens generated.
    var completionTokens: Int?
}
