internal import Braid

/// What tells the model behind an address from another one that takes its place: its name, and the ids of a text.
///
/// Engines that are given token ids do not all look at the model's name in a request, and the same name may stand for
/// another vocabulary after a restart; ids of the one would be read as words of the other.
struct EngineIdentity: Sendable, Hashable {
    private struct Models: Decodable {
        struct Card: Decodable {
            var id: String
        }

        var data: [Card]
    }

    /// The model's name.
    var model: String
    /// The ids of a text that vocabularies cut differently; empty where the engine does not tell.
    var sample: [TokenID]

    /// Asks a server what it serves now.
    /// - Parameter tags: control tags, whose ids matter most.
    /// - Throws: `GenerationFailure`, `TransportError`, `CancellationError`.
    static func read(
        at endpoint: RemoteEndpoint, tags: Set<String>, transport: any HTTPTransport
    ) async throws -> EngineIdentity {
        let response = try await transport.sendSurely(endpoint.adapter.address.get("/v1/models"))
        let body = try await response.collect()
        guard response.status == 200 else {
            throw WireError.failure(status: response.status, headers: response.headers, body: body)
        }
        let served = try WireJSON.decode(Models.self, from: body).data.map(\.id)
        // Some list nothing.
        let model = served.isEmpty || served.contains(endpoint.model) ? endpoint.model : served[0]
        let text = tags.sorted().joined() + "The 12345 quick Füchse;\n\n\tjump_over()"
        do {
            let sample = try await Tokenization.ask(text, at: endpoint, transport: transport)
            return EngineIdentity(model: model, sample: sample)
        } catch let failure as GenerationFailure where failure.kind == .status(404) || failure.kind == .status(501) {
            return EngineIdentity(model: model, sample: [])
        }
    }
}
