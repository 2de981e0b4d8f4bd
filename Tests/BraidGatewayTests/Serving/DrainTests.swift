#if Gateway
    import BraidRemote
    import Synchronization
    import Testing

    @testable import BraidGateway

    /// A server that is to end.
    @Suite struct DrainTests {
        @Test func runsFinishBeforeTheServerEnds() async throws {
            let gate = Gate()
            let engine = PacedEngine { _ in [.text("x"), .wait(gate), .text(" y<Answer> 42</Answer>")] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                let other = try server.client()
                #expect(try await other.ask("GET", "/ready").status == 200)
                try await client.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.streaming))
                #expect(try await eventually { engine.tokens == 1 })
                server.gateway.drain()
                #expect(try await other.ask("GET", "/ready").status == 503)
                let refused = try await other.ask("POST", "/v1/chat/completions", json: ChatBody.question)
                #expect(try refused.errorCode == "shutting_down")
                gate.open()
                #expect(try await client.answer().events.last?.data == "[DONE]")
            }
        }

        @Test func whatIsPassedOnIsToldSoToo() async throws {
            let upstream = FakeUpstream {
                let pieces = Mutex([Array("data: {}\n\n".utf8)])
                return HTTPResponse(status: 200, headers: ["content-type": "text/event-stream"]) {
                    if let piece = pieces.withLock({ $0.popLast() }) { return piece }
                    try await Task.sleep(for: .seconds(3600))
                    return nil
                }
            }
            try await TestGateway.run([TestGateway.model(passingOnTo: upstream)], { $0.drain = .milliseconds(50) }) {
                server in
                let client = try server.client()
                try await client.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.passedOn))
                #expect(try await eventually { server.gateway.gate.counts.running == 1 })
                server.gateway.drain()
                let answer = try await client.answer()
                #expect(answer.text.contains("shutting_down"))
            }
        }

        @Test func runsThatDoNotFinishAreToldSo() async throws {
            let engine = PacedEngine { _ in [.text("x"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)], { $0.drain = .milliseconds(50) }) { server in
                let client = try server.client()
                try await client.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.streaming))
                #expect(try await eventually { engine.tokens == 1 })
                server.gateway.drain()
                let answer = try await client.answer()
                #expect(answer.events.last?.name == "error")
                #expect(answer.text.contains("shutting_down"))
                #expect(!answer.text.contains("\"stop\""))
                #expect(engine.openContexts == 0)
            }
        }
    }
#endif
