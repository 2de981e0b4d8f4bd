internal import Braid

/// Finds out what is at an address, by asking it; versions are never trusted.
struct EngineProbe: Sendable {
    private struct ModelList: Decodable {
        var data: [ModelCard]
    }

    private struct ModelCard: Decodable {
        private enum CodingKeys: String, CodingKey {
            case id
            case owner = "owned_by"
            case maximumModelLength = "max_model_len"
            case contextLength = "context_length"
            case contextWindow = "context_window"
        }

        var id: String
        var owner: String?
        var maximumModelLength: Int?
        var contextLength: Int?
        var contextWindow: Int?
    }

    private struct LlamaServerProperties: Decodable {
        private enum CodingKeys: String, CodingKey {
            case settings = "default_generation_settings"
            case slotCount = "total_slots"
        }

        struct Settings: Decodable {
            private enum CodingKeys: String, CodingKey {
                case contextLength = "n_ctx"
            }

            var contextLength: Int
        }

        var settings: Settings
        var slotCount: Int
    }

    private struct SGLangModel: Decodable {
        private enum CodingKeys: String, CodingKey {
            case path = "model_path"
            case generates = "is_generation"
        }

        var path: String
        var generates: Bool
    }

    private struct Version: Decodable {
        var version: String
    }

    /// Requests at once where the engine does not say: what vLLM and SGLang take by default.
    private static let clusterCapacity = 256
    /// The same for services that do not say what they are.
    private static let serviceCapacity = 8
    /// The context where a service does not say.
    private static let unknownContextLength = 32_768

    private let transport: any HTTPTransport
    private let options: RemoteEngineOptions
    private let time: TimeLimit

    init(transport: any HTTPTransport, options: RemoteEngineOptions, clock: some Clock<Duration>) {
        self.transport = transport
        self.options = options
        time = TimeLimit(clock)
    }

    /// The server at an address.
    /// - Throws: ``RemoteEngineError``, `EngineError`, `CancellationError`.
    func endpoint(at url: EngineURL, model asked: String?) async throws -> RemoteEndpoint {
        let cards = try await models(at: url)
        let card = try choose(asked, from: cards, at: url)
        let address = EngineAddress(url: url, model: card.id, credential: options.credential)
        let length = [card.maximumModelLength, card.contextLength, card.contextWindow].lazy.compactMap(\.self).first
        if options.chatOnly { return try await service(address, contextLength: length ?? Self.unknownContextLength) }
        if let properties: LlamaServerProperties = try await read("/props", address) {
            let contextLength = min(max(1, properties.settings.contextLength), Int(Int32.max))
            return try await native(address, contextLength: contextLength, capacity: properties.slotCount) {
                LlamaServerAdapter(tier: $0, contextLength: contextLength, address: address)
            }
        }
        if let model: SGLangModel = try await read("/get_model_info", address), model.generates {
            return try await native(
                address, contextLength: length ?? Self.unknownContextLength, capacity: Self.clusterCapacity
            ) { SGLangAdapter(tier: $0, address: address) }
        }
        if card.owner == "vllm", let _: Version = try await read("/version", address) {
            return try await native(
                address, contextLength: length ?? Self.unknownContextLength, capacity: Self.clusterCapacity
            ) { VLLMAdapter(tier: $0, address: address) }
        }
        return try await service(address, contextLength: length ?? Self.unknownContextLength)
    }

    // MARK: Kinds

    /// An engine with token ids; where they do not work as documented, text is used.
    private func native(
        _ address: EngineAddress, contextLength: Int, capacity: Int,
        adapter: (EngineDescription.Tier) -> any EngineAdapter
    ) async throws -> RemoteEndpoint {
        var endpoint = RemoteEndpoint(
            url: address.url, adapter: adapter(.tokens), model: address.model, contextLength: max(1, contextLength),
            capacity: max(1, capacity), tags: [:])
        do {
            endpoint.tags = try await tags(at: endpoint)
            let tokens = try await start(at: endpoint)
            let events = try await generate(.tokens(tokens), at: endpoint)
            let givesTokens = events.contains { event in
                if case .chunk(_, let tokens) = event { tokens?.isEmpty == false } else { false }
            }
            if givesTokens {
                endpoint.identity = try await identity(of: endpoint)
                return endpoint
            }
        } catch is EngineError {
            // It cannot tokenise: text is all there is.
        }
        endpoint.adapter = adapter(.text)
        endpoint.tags = [:]
        _ = try await generate(.text("1"), at: endpoint)
        return endpoint
    }

    /// A service with OpenAI's routes: completions if it has them, else chat, with the beginning of the answer if it goes
    /// on from one.
    private func service(_ address: EngineAddress, contextLength: Int) async throws -> RemoteEndpoint {
        var endpoint = RemoteEndpoint(
            url: address.url, adapter: CompletionsAdapter(address: address), model: address.model,
            contextLength: max(1, contextLength), capacity: Self.serviceCapacity, tags: [:])
        // A service that fails here, in whatever way, gives no completions; should chat fail too, that error is told.
        if !options.chatOnly, (try? await generate(.text("1"), at: endpoint)) != nil { return endpoint }
        try Task.checkCancellation()
        let chat = [
            Prompt.Message(.user, "Count from one to six in words, separated by commas."),
            Prompt.Message(.assistant, "one, two, three,"),
        ]
        for prefill in [ChatAdapter.Prefill.flag, .marked, .implied] {
            endpoint.adapter = ChatAdapter(prefill: prefill, address: address)
            // A service that refuses or ignores it is one that lacks it.
            guard let events = try? await generate(.chat(chat, continuesLast: true), at: endpoint, maximumTokens: 4)
            else { continue }
            let text = events.reduce(into: "") { if case .chunk(let text, _) = $1 { $0 += text } }
            if text.drop(while: \.isWhitespace).hasPrefix("four") { return endpoint }
        }
        try Task.checkCancellation()
        endpoint.adapter = ChatAdapter(prefill: .none, address: address)
        _ = try await generate(.chat([Prompt.Message(.user, "1")], continuesLast: false), at: endpoint)
        return endpoint
    }

    // MARK: Questions

    private func models(at url: EngineURL) async throws -> [ModelCard] {
        let address = EngineAddress(url: url, model: "", credential: options.credential)
        let response: HTTPResponse
        let body: [UInt8]
        do {
            (response, body) = try await get("/v1/models", address)
        } catch let error as TransportError {
            throw RemoteEngineError.unreachable(url: url.description, why: error.description)
        }
        switch response.status {
        case 200: break
        case 401, 403: throw RemoteEngineError.unauthorized(url: url.description)
        case 503: throw RemoteEngineError.unreachable(url: url.description, why: "it is not ready: 503")
        default:
            throw RemoteEngineError.notAnEngine(
                url: url.description, why: "its /v1/models answers \(response.status)")
        }
        do {
            return try WireJSON.decode(ModelList.self, from: body).data
        } catch {
            throw RemoteEngineError.notAnEngine(url: url.description, why: "its /v1/models: \(error.message)")
        }
    }

    private func choose(_ asked: String?, from cards: [ModelCard], at url: EngineURL) throws -> ModelCard {
        let served = cards.map(\.id)
        // Transformers' server lists what it has downloaded, not what it was started with.
        if cards.isEmpty, let asked { return ModelCard(id: asked) }
        guard let asked else {
            guard cards.count == 1 else {
                throw RemoteEngineError.modelNeeded(url: url.description, served: served)
            }
            return cards[0]
        }
        guard let card = cards.first(where: { $0.id == asked }) else {
            throw RemoteEngineError.unknownModel(asked, url: url.description, served: served)
        }
        return card
    }

    /// What a route answers; nil when the engine does not have it.
    private func read<Answer: Decodable>(_ path: String, _ address: EngineAddress) async throws -> Answer? {
        do {
            let (response, body) = try await get(path, address)
            // An answer of another form comes from some other server's route of that name.
            return response.status == 200 ? try? WireJSON.decode(Answer.self, from: body) : nil
        } catch let error as TransportError {
            throw RemoteEngineError.unreachable(url: address.url.description, why: error.description)
        }
    }

    private func get(_ path: String, _ address: EngineAddress) async throws -> (HTTPResponse, [UInt8]) {
        try await time.within(options.silenceTimeout) { [transport] in
            let response = try await transport.sendSurely(address.get(path))
            return (response, try await response.collect())
        }
    }

    /// Those of the tags that are single tokens, with ids of their own.
    private func tags(at endpoint: RemoteEndpoint) async throws -> [String: TokenID] {
        if let vocabulary = options.vocabulary { return vocabulary.tags }
        var tags: [String: TokenID] = [:]
        for tag in options.tags.sorted() {
            let tokens = try await tokens(of: tag, at: endpoint)
            if tokens.count == 1 { tags[tag] = tokens[0] }
        }
        // Tags that share an id are all the unknown token.
        let counts = Dictionary(tags.values.map { ($0, 1) }, uniquingKeysWith: +)
        return tags.filter { counts[$0.value] == 1 }
    }

    /// What it is told by from another model in its place.
    private func identity(of endpoint: RemoteEndpoint) async throws -> EngineIdentity {
        do {
            return try await time.within(options.silenceTimeout) { [options, transport] in
                try await EngineIdentity.read(at: endpoint, tags: options.tags, transport: transport)
            }
        } catch let failure as GenerationFailure {
            throw RemoteEngineError.notAnEngine(url: endpoint.url.description, why: failure.description)
        } catch let error as TransportError {
            throw RemoteEngineError.unreachable(url: endpoint.url.description, why: error.description)
        }
    }

    /// A prompt of one token or so.
    private func start(at endpoint: RemoteEndpoint) async throws -> [TokenID] {
        if let tag = endpoint.tags.min(by: { $0.key < $1.key }) { return [tag.value] }
        if let vocabulary = options.vocabulary { return try await vocabulary.encode("1") }
        return try await tokens(of: "1", at: endpoint)
    }

    private func tokens(of text: String, at endpoint: RemoteEndpoint) async throws -> [TokenID] {
        do {
            return try await time.within(options.silenceTimeout) { [transport] in
                try await Tokenization.tokens(of: text, at: endpoint, transport: transport)
            }
        } catch let error as TransportError {
            throw RemoteEngineError.unreachable(url: endpoint.url.description, why: error.description)
        }
    }

    /// Everything that a short generation says.
    private func generate(
        _ prompt: GenerationRequest.Prompt, at endpoint: RemoteEndpoint, maximumTokens: Int = 1
    ) async throws -> [GenerationEvent] {
        let engine = RemoteEngine([endpoint], options: options, transport: transport, time: time)
        let request = GenerationRequest(
            id: RequestID.make(), prompt: prompt, promptText: nil, sampling: .greedy, seed: 0, stopTokens: [],
            maximumTokens: maximumTokens)
        do {
            let lease = try await engine.pool.lease(preferring: nil)
            let stream = try await GenerationStream.begin(request, on: engine, lease: lease)
            var events: [GenerationEvent] = []
            while let more = try await stream.read() { events += more }
            stream.end(.success, isOver: true)
            return events
        } catch let failure as GenerationFailure {
            throw RemoteEngineError.notAnEngine(url: endpoint.url.description, why: failure.description)
        }
    }
}
