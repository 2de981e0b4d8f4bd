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
        guard let request = endpoint.adapter.tokenization(of: text) else {
            throw EngineError.unsupported("tokenising text")
        }
        do {
            let response = try await transport.sendSurely(request)
            let body = try await response.collect()
            guard response.status == 200 else {
                throw WireError.failure(status: response.status, headers: response.headers, body: body)
            }
            return try WireJSON.decode(Answer.self, from: body).tokens
        } catch let error as TransportError {
            throw EngineError.failed("\(endpoint.url) cannot tokenise: \(error)")
        } catch let error as GenerationFailure {
            throw EngineError.failed("\(endpoint.url) cannot tokenise: \(error)")
        }
    }
}
