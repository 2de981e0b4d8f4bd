/// A stretch of consecutive positions in a context's view.
struct KVSpan: Hashable, Sendable {
    /// Position of its first token, as the context sees it.
    var firstPosition: Int
    /// Tokens.
    var count: Int

    /// The position after its last token.
    var endPosition: Int { firstPosition + count }
}
