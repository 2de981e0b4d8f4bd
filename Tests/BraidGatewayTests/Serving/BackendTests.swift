#if Gateway
    import Synchronization
    import Testing

    @testable import BraidGateway
    @testable import BraidRemote

    /// The gateway in front of servers of its own, and what it says of them.
    @Suite struct BackendTests {
        /// A chat service that is there or not.
        private final class Service: HTTPTransport {
            private let isThere = Mutex(true)
            func set(isThere: Bool) { self.isThere.withLock { $0 = isThere } }

            func send(_ request: HTTPRequest) async throws -> HTTPResponse {
                guard isThere.withLock({ $0 }) else { throw TransportError.unreachable("nobody listens") }
                let (type, text) =
                    request.url.hasSuffix("/v1/models")
                    ? ("application/json", #"{"data": [{"id": "real"}]}"#)
                    : (
                        "text/event-stream",
                        #"data: {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}"#
                            + "\n\ndata: [DONE]\n\n"
                    )
                let rest = Mutex([Array(text.utf8)])
                return HTTPResponse(status: 200, headers: ["content-type": type]) { rest.withLock { $0.popLast() } }
            }
        }

        @Test func isReadyWhileAServerOfAModelCanBeReached() async throws {
            let service = Service()
            let url = "http://127.0.0.1:1"
            let engine = try await RemoteEngine.connect(
                to: [EngineURL(url)], options: RemoteEngineOptions(chatOnly: true), transport: service)
            var model = TestGateway.model(engine)
            model.remote = engine
            try await TestGateway.run([model]) { server in
                #expect(try await server.ask("GET", "/ready").status == 200)
                let isUp = "braid_backend_up{backend=\"\(url)\"} "
                #expect(try await server.ask("GET", "/metrics").text.contains(isUp + "1\n"))
                service.set(isThere: false)
                for _ in 0..<5 { engine.pool.missed(0) }
                let refused = try await server.ask("GET", "/ready")
                #expect(refused.status == 503)
                #expect(try refused.errorCode == "backend_unavailable")
                #expect(try await server.ask("GET", "/metrics").text.contains(isUp + "0\n"))
                #expect(try await server.ask("GET", "/health").status == 200)
                // It is asked until it is back, and nobody else has to do anything.
                service.set(isThere: true)
                #expect(try await eventually { try await server.ask("GET", "/ready").status == 200 })
            }
        }

        @Test func oneModelThatCanBeReachedIsEnough() async throws {
            let engine = try await RemoteEngine.connect(
                to: [EngineURL("http://127.0.0.1:1")], options: RemoteEngineOptions(chatOnly: true),
                transport: Service())
            var model = TestGateway.model(engine)
            model.remote = engine
            for _ in 0..<5 { engine.pool.missed(0) }
            #expect(!model.isReachable)
            try await TestGateway.run([model, TestGateway.model(PacedEngine.simple(), id: "embedded")]) { server in
                let ready = try await server.ask("GET", "/ready")
                #expect(ready.status == 200)
            }
        }
    }
#endif
