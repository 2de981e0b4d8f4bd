internal import Braid

/// Asks a server for the tokens of a text.
enum Tokenization {
    private struct Answer: Decodable {
        var tokens: [TokenID]
    }

    /// The tokens of a text with nothing put before them; special tokens are recognised in it by some engines.
    /// - Throws: `EngineError`, `CancellationError`.
    static func tokens(
        of text: String, at endpoint: RemoteEndpoint, transport: any HTTPTransport
    ) async throws -> [TokenID] {
        do {
            return try await ask(text, at: endpoint, transport: transport)
        } catch let failure as GenerationFailure {
            throw EngineError.failed("\(endpoint.url) cannot tokenise: \(failure)")
        }
    }

    /// The same, with what goes wrong in the terms that decide what to do about it.
    /// - Parameter mayRepeat: Whether the request may be sent again when its connection is lost.
    /// - Throws: ``GenerationFailure``, `EngineError.unsupported`, `CancellationError`.
    static func ask(
        _ text: String, at endpoint: RemoteEndpoint, transport: any HTTPTransport,
        mayRepeat: @Sendable () -> Bool = { true }
    ) async throws -> [TokenID] {
        guard let request = endpoint.adapter.tokenization(of: text) else {
            throw EngineError.unsupported("tokenising text")
        }
        do {
            let response = try await transport.sendSurely(request, mayRepeat: mayRepeat)
            let body = try await response.collect()
            guard response.status == 200 else {
                throw WireError.failure(status: response.status, headers: response.headers, body: body)
            }
            return try WireJSON.decode(Answer.self, from: body).tokens
        } catch let error as TransportError {
            throw GenerationFailure(error)
        }
    }
}
