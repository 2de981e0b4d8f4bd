#if Gateway
    import Testing

    @testable import BraidGateway

    /// Clients that go away, wholly or with their sending side alone.
    @Suite struct DisconnectTests {
        @Test(arguments: [true, false]) func aClientThatGoesAwayStopsItsRun(_ isStreaming: Bool) async throws {
            let engine = PacedEngine { _ in [.text("thinking"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                let body = isStreaming ? ChatBody.streaming : ChatBody.question
                try await client.socket.send(TestClient.request("POST", "/v1/chat/completions", json: body))
                #expect(try await eventually { engine.decoding == 1 })
                if isStreaming { _ = try await client.read(until: "thinking") }
                client.socket.close()
                #expect(try await eventually { engine.decoding == 0 && engine.openContexts == 0 })
                #expect(try await eventually { server.gateway.gate.counts == (0, 0) })
                let metrics = try await server.ask("GET", "/metrics")
                #expect(metrics.text.contains("braid_client_disconnects_total 1"))
            }
        }

        @Test func aClientThatGoesAwayInTheQueueGivesItsPlaceBack() async throws {
            let gate = Gate()
            let engine = PacedEngine { _ in [.wait(gate), .text(" x<Answer> 42</Answer>")] }
            try await TestGateway.run([TestGateway.model(engine)], { $0.limits.runs = 1 }) { server in
                let first = try server.client()
                try await first.socket.send(TestClient.request("POST", "/v1/chat/completions", json: ChatBody.question))
                #expect(try await eventually { server.gateway.gate.counts == (1, 0) })
                let second = try server.client()
                try await second.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.question))
                #expect(try await eventually { server.gateway.gate.counts == (1, 1) })
                second.socket.close()
                #expect(try await eventually { server.gateway.gate.counts == (1, 0) })
                gate.open()
                #expect(try await first.answer().status == 200)
                #expect(engine.opened == 1)
            }
        }

        @Test(arguments: [true, false]) func aClientThatOnlyStopsSendingIsAnswered(_ isStreaming: Bool) async throws {
            let gate = Gate()
            let engine = PacedEngine { _ in [.text(" well"), .wait(gate), .text(" x<Answer> 42</Answer>")] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                let body = isStreaming ? ChatBody.streaming : ChatBody.question
                try await client.socket.send(TestClient.request("POST", "/v1/chat/completions", json: body))
                #expect(try await eventually { engine.decoding == 1 && engine.tokens == 1 })
                client.socket.finishSending()
                // The server has seen it once it has tried whether the client still reads.
                _ = try await client.read(until: isStreaming ? ": ping" : " 102 ")
                gate.open()
                #expect(try await client.answer().text.contains("42"))
            }
        }

        @Test func aClientOfHTTP10ThatClosesHasGone() async throws {
            let engine = PacedEngine { _ in [.text("thinking"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                try await client.socket.send(
                    "POST /v1/chat/completions HTTP/1.0\r\nContent-Length: \(ChatBody.question.utf8.count)\r\n\r\n"
                        + ChatBody.question)
                #expect(try await eventually { engine.tokens == 1 })
                client.socket.finishSending()
                #expect(try await eventually { server.gateway.registry.runningCount == 0 })
                #expect(try await client.rest().isEmpty)
            }
        }
    }
#endif
