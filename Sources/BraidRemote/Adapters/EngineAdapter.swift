internal import Braid

/// How to talk to one kind of engine: pure values that make requests and read answers.
protocol EngineAdapter: Sendable {
    /// Short name, such as `vllm`.
    var name: String { get }
    /// Where the engine is.
    var address: EngineAddress { get set }
    /// Whether ids in and out work, where the engine behind is as documented.
    var tier: EngineDescription.Tier { get }
    /// Whether the engine itself ends a generation at the request's stop tokens.
    var stopsByToken: Bool { get }
    /// Whether the engine keeps the prefixes of earlier requests, so that reading one ahead saves time.
    var warmsUp: Bool { get }

    /// The request of a generation that streams.
    /// - Throws: `EngineError.unsupported` for sampling that the engine has no field for.
    func generation(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest

    /// Reads the stream of a generation from its beginning.
    func reader(for request: GenerationRequest) -> any GenerationReader

    /// The call that ends a generation, where the engine has one besides closing the connection.
    func abort(_ id: String) -> HTTPRequest?

    /// The call that tokenises text with nothing put before it; nil where the engine has none.
    func tokenization(of text: String) -> HTTPRequest?

    /// The call that tells whether the engine is well, at next to no cost.
    var health: HTTPRequest { get }

    /// The call that has the engine read a prompt and generate next to nothing.
    func prefill(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest
}

extension EngineAdapter {
    func abort(_ id: String) -> HTTPRequest? { nil }
    func tokenization(of text: String) -> HTTPRequest? { nil }
    var health: HTTPRequest { address.get("/v1/models") }
    func prefill(_ request: GenerationRequest) throws(EngineError) -> HTTPRequest {
        var request = request
        request.maximumTokens = 1
        return try generation(request)
    }
}
