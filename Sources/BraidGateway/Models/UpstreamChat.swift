internal import Braid
public import BraidRemote

/// Where requests are passed on to as they are, with the model's name replaced.
public struct UpstreamChat: Sendable {
    /// What the server calls the model.
    let model: String
    /// Sends a request to a route with these headers and this body, and the server's key; the caller's own key is never
    /// passed on.
    let send: @Sendable (_ route: String, _ headers: [String: String], _ body: [UInt8]) async throws -> HTTPResponse

    /// An upstream of one server.
    /// - Parameters:
    ///   - transport: carries the requests.
    ///   - url: the server.
    ///   - credential: the key that the server wants.
    ///   - model: what the server calls the model.
    public init(transport: any HTTPTransport, url: EngineURL, credential: Credential?, model: String) {
        self.model = model
        send = { route, headers, body in
            try await transport.send(
                HTTPRequest(.post, url.route(route), headers: headers, body: body).authorized(by: credential))
        }
    }

    /// The servers of an engine: where one cannot be reached, another answers.
    public init(_ engine: RemoteEngine) {
        model = engine.description.model
        send = { try await engine.relay($0, headers: $1, body: $2) }
    }
}
