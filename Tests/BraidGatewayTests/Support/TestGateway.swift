#if Gateway
    import Braid
    import BraidRemote
    import BraidStore
    import Testing

    @testable import BraidGateway

    /// A gateway on a free port, for as long as a body runs.
    struct TestGateway {
        let gateway: Gateway
        let port: Int

        func client() throws -> TestClient { try TestClient(port: port) }

        /// Asks on a connection of its own.
        func ask(
            _ method: String, _ path: String, json body: String? = nil, fields: [String: String] = [:]
        ) async throws -> TestClient.Answer {
            try await client().ask(method, path, json: body, fields: fields)
        }

        static func model(_ engine: any Engine, id: String = "m") -> ServedModel {
            ServedModel(
                id: id, created: 1, contextLength: 100_000,
                methods: [
                    ServedMethod(name: "adaptive", engine: engine, readsConversation: false) { _ in Adaptive() },
                    ServedMethod(name: "sequential", engine: engine, readsConversation: false) { _ in Sequential() },
                    ServedMethod(name: "self-consistency", engine: engine, readsConversation: false) { settings in
                        try SelfConsistency(samples: settings.samples ?? 2)
                    },
                ])
        }

        /// A model with a server of its own, at an address that nobody asks.
        static func model(passingOnTo upstream: FakeUpstream) throws -> ServedModel {
            var model = model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1"), credential: nil, model: "real")
            return model
        }

        static func run<Result: Sendable>(
            _ models: [ServedModel], _ change: (inout GatewayConfiguration) -> Void = { _ in },
            store: DegradingStore? = nil, _ body: @escaping @Sendable (TestGateway) async throws -> Result
        ) async throws -> Result {
            var configuration = GatewayConfiguration()
            configuration.port = 0
            configuration.logLevel = .critical
            configuration.drain = .seconds(5)
            change(&configuration)
            let gateway = try Gateway(models: models, configuration: configuration, store: store)
            let (ports, source) = AsyncStream<Int>.makeStream()
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask {
                    try await gateway.run { source.yield($0) }
                    source.finish()
                    return nil
                }
                group.addTask {
                    for await port in ports {
                        do {
                            let result = try await body(TestGateway(gateway: gateway, port: port))
                            gateway.drain()
                            return result
                        } catch {
                            gateway.drain()
                            throw error
                        }
                    }
                    return nil
                }
                var result: Result?
                while let next = try await group.next() { result = next ?? result }
                return try #require(result)
            }
        }
    }

    /// Waits until something is so; what it waits for is an event, the time is only how long a broken test may take.
    func eventually(_ condition: @Sendable () async throws -> Bool) async throws -> Bool {
        for _ in 0..<12_000 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
#endif
