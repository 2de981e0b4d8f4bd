public import BraidRemote

/// Where requests are passed on to as they are, with the model's name replaced.
public struct UpstreamChat: Sendable {
    /// Carries the requests.
    public var transport: any HTTPTransport
    /// The server.
    public var url: EngineURL
    /// The key that the server wants; the caller's own key is never passed on.
    public var credential: Credential?
    /// What the server calls the model.
    public var model: String

    /// Creates an upstream.
    public init(transport: any HTTPTransport, url: EngineURL, credential: Credential?, model: String) {
        self.transport = transport
        self.url = url
        self.credential = credential
        self.model = model
    }
}
