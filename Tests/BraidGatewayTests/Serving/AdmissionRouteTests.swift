#if Gateway
    import Testing

    @testable import BraidGateway

    /// Requests that find no place, over a socket.
    @Suite struct AdmissionRouteTests {
        @Test func whatFindsNoPlaceIsRefusedBeforeItsBodyIsRead() async throws {
            let gate = Gate()
            let engine = PacedEngine { _ in [.wait(gate), .text(" x<Answer> 42</Answer>")] }
            try await TestGateway.run(
                [TestGateway.model(engine)],
                { configuration in
                    configuration.limits.runs = 1
                    configuration.limits.queue = 0
                }
            ) { server in
                let first = try server.client()
                try await first.socket.send(TestClient.request("POST", "/v1/chat/completions", json: ChatBody.question))
                #expect(try await eventually { server.gateway.gate.counts == (1, 0) })
                // Only the head is sent: the answer does not wait for the body.
                let second = try server.client()
                try await second.socket.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
                let refused = try await second.answer()
                #expect(refused.status == 503)
                #expect(refused.fields["retry-after"].flatMap { Int($0) } != nil)
                #expect(try refused.errorCode == "server_is_overloaded")
                gate.open()
                #expect(try await first.answer().status == 200)
            }
        }

        @Test func withoutKeysOnlyAFullQueueRefuses() async throws {
            let gate = Gate()
            let engine = PacedEngine { _ in [.wait(gate), .text(" x<Answer> 42</Answer>")] }
            try await TestGateway.run(
                [TestGateway.model(engine)],
                { configuration in
                    configuration.limits.runs = 1
                    configuration.limits.queue = 1
                    configuration.limits.runsPerKey = 1
                }
            ) { server in
                let clients = try (0..<2).map { _ in try server.client() }
                for (index, client) in clients.enumerated() {
                    try await client.socket.send(
                        TestClient.request("POST", "/v1/chat/completions", json: ChatBody.question))
                    #expect(try await eventually { server.gateway.gate.counts == (1, index) })
                }
                let refused = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question)
                #expect(refused.status == 503)
                gate.open()
                for client in clients { #expect(try await client.answer().status == 200) }
            }
        }

        @Test func aKeyHasSoManyRunsAndNoMore() async throws {
            let gate = Gate()
            let engine = PacedEngine { _ in [.wait(gate), .text(" x<Answer> 42</Answer>")] }
            let keys = try APIKeys("ann:secret-key-1\nbob:secret-key-2")
            try await TestGateway.run(
                [TestGateway.model(engine)],
                { configuration in
                    configuration.keys = keys
                    configuration.limits.runsPerKey = 1
                }
            ) { server in
                let ann = ["Authorization": "Bearer secret-key-1"]
                let bob = ["Authorization": "Bearer secret-key-2"]
                let first = try server.client()
                try await first.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.question, fields: ann))
                #expect(try await eventually { server.gateway.gate.counts == (1, 0) })
                let refused = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question, fields: ann)
                #expect(refused.status == 429)
                #expect(refused.fields["retry-after"] != nil)
                let other = try server.client()
                try await other.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.question, fields: bob))
                #expect(try await eventually { server.gateway.gate.counts == (2, 0) })
                gate.open()
                #expect(try await first.answer().status == 200)
                #expect(try await other.answer().status == 200)
            }
        }
    }
#endif
