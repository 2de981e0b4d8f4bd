internal import Braid

/// Why an engine ended a generation.
enum GenerationEnd: Sendable, Hashable {
    /// At a token of the request's stops.
    case stopToken(TokenID)
    /// At a text that the engine looks for; it is not part of the output.
    case stopText(String)
    /// At a token that ends answers, or at one that the engine does not name.
    case endOfText
    /// At the limit of tokens, the request's or the context's.
    case length
}
