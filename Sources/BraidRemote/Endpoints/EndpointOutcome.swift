/// What a request says about the endpoint that it went to.
enum EndpointOutcome: Sendable, Hashable {
    /// It works.
    case success
    /// It has too much to do: 429 or 503.
    case overloaded
    /// It is not well.
    case failure
    /// Nothing: the request was wrong, or was cancelled.
    case neutral
}
