/// Where an engine is, what it serves, and who may ask it.
struct EngineAddress: Sendable {
    /// The address.
    var url: EngineURL
    /// The model to ask for.
    var model: String
    /// The key, if one is needed.
    var credential: Credential?

    /// A request that sends JSON.
    func post(_ path: String, _ body: some Encodable) -> HTTPRequest {
        var request = get(path)
        request.method = .post
        request.headers["content-type"] = "application/json"
        request.body = WireJSON.encode(body)
        return request
    }

    /// A request that reads. Compressed answers are not asked for: streams must come as they are written.
    func get(_ path: String) -> HTTPRequest {
        var headers = ["accept": "application/json, text/event-stream", "user-agent": "braid"]
        headers["authorization"] = credential?.authorization
        headers["traceparent"] = RequestTrace.parent
        return HTTPRequest(.get, url.route(path), headers: headers)
    }
}
