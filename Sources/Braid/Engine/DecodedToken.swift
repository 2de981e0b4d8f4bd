/// One token that an engine has decoded.
public struct DecodedToken: Sendable, Hashable {
    /// Its id in the engine's vocabulary.
    public var id: TokenID
    /// The complete characters that became known with it; empty inside a multi-token character and for a control token.
    public var text: String
    /// The tag, when it is a control token.
    public var control: String?
    /// Natural logarithm of its probability under the model's own distribution (temperature 1, no mask), if known.
    public var logProbability: Float?

    /// Creates a decoded token.
    public init(id: TokenID, text: String, control: String? = nil, logProbability: Float? = nil) {
        self.id = id
        self.text = text
        self.control = control
        self.logProbability = logProbability
    }
}
