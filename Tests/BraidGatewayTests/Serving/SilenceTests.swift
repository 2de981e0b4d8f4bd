#if Gateway
    import Braid
    import Testing

    @testable import BraidGateway

    /// Somebody says or reads nothing for too long: a client, or an engine.
    @Suite struct SilenceTests {
        @Test func aReaderThatStallsIsCutAndItsRunStopped() async throws {
            // More than all buffers of the operating system hold.
            let word = String(repeating: "w", count: 2000)
            let engine = PacedEngine { _ in [.token(word, times: 3000), .hang] }
            try await TestGateway.run(
                [TestGateway.model(engine)],
                { configuration in
                    configuration.limits.stall = .milliseconds(200)
                    configuration.budget = (try? Budget(totalTokens: 1 << 24)) ?? .standard
                }
            ) { server in
                let socket = try TestSocket(port: server.port, receiveBuffer: 4096)
                try await socket.send(TestClient.request("POST", "/v1/chat/completions", json: ChatBody.streaming))
                #expect(
                    try await eventually {
                        try await server.ask("GET", "/metrics").text.contains("braid_stalled_clients_total 1")
                    })
                #expect(try await eventually { engine.decoding == 0 && engine.openContexts == 0 })
            }
        }

        @Test func aStreamThatPausesSendsComments() async throws {
            let gate = Gate()
            let engine = PacedEngine { _ in [.text("x"), .wait(gate), .text(" y<Answer> 42</Answer>")] }
            try await TestGateway.run([TestGateway.model(engine)], { $0.limits.ping = .milliseconds(20) }) { server in
                let client = try server.client()
                try await client.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.streaming))
                _ = try await client.read(until: ": ping\n\n")
                gate.open()
                #expect(try await client.answer().events.last?.data == "[DONE]")
            }
        }

        @Test func aRunInWhichNothingHappensIsStopped() async throws {
            let engine = PacedEngine { _ in [.text("x"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)], { $0.limits.silence = .milliseconds(200) }) {
                server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question)
                #expect(answer.status == 504)
                #expect(try answer.errorCode == "upstream_timeout")
            }
        }

        @Test func whatDoesNotArriveIsNotWaitedFor() async throws {
            try await TestGateway.run(
                [TestGateway.model(PacedEngine.simple())],
                { configuration in
                    configuration.limits.headTimeout = .milliseconds(300)
                    configuration.limits.bodyTimeout = .milliseconds(300)
                }
            ) { server in
                let slow = try server.client()
                try await slow.socket.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
                #expect(try await slow.answer().status == 408)
                let loris = try server.client()
                try await loris.socket.send("GET /health HTTP/1.1\r\nHost: lo")
                #expect(try await loris.socket.receive().isEmpty)
            }
        }
    }
#endif
