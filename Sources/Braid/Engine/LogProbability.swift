/// A token with the natural logarithm of its probability.
public struct LogProbability: Sendable, Hashable {
    /// The token.
    public var token: TokenID
    /// Natural logarithm of its probability, at most 0.
    public var value: Float

    /// Creates a scored token.
    public init(token: TokenID, value: Float) {
        self.token = token
        self.value = value
    }
}
