/// The token that a member of a ``ContextGroup`` drew in a step.
public struct DrawnToken: Sendable, Hashable {
    /// The token; it is part of the member's context now.
    public var token: DecodedToken
    /// The tag that ended the member; nil while it may go on.
    public var stop: String?

    /// Creates a drawn token.
    public init(token: DecodedToken, stop: String? = nil) {
        self.token = token
        self.stop = stop
    }
}
