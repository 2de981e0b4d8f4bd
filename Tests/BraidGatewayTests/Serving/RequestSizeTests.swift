#if Gateway
    import Braid
    import Testing

    @testable import BraidGateway

    /// Requests that are too large, each and together.
    @Suite struct RequestSizeTests {
        @Test func limitsOfHeadAndBodyAreKept() async throws {
            try await TestGateway.run(
                [TestGateway.model(PacedEngine.simple())],
                { $0.limits.bodyBytes = 1000 }
            ) { server in
                let big = try await server.ask(
                    "POST", "/v1/chat/completions", json: String(repeating: " ", count: 1001))
                #expect(big.status == 413)
                let chunked = try server.client()
                try await chunked.socket.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n"
                        + String(repeating: " ", count: 1001) + "\r\n")
                #expect(try await chunked.answer().status == 413)
                let long = try await server.ask(
                    "GET", "/health", fields: ["x-long": String(repeating: "x", count: 20_000)])
                #expect(long.status == 431)
                #expect(try long.errorCode == "headers_too_large")
                var many: [String: String] = [:]
                for index in 0..<150 { many["x-\(index)"] = "1" }
                #expect(try await server.ask("GET", "/health", fields: many).status == 431)
                let gzip = try await server.ask(
                    "POST", "/v1/chat/completions", json: "{}", fields: ["Content-Encoding": "gzip"])
                #expect(gzip.status == 415)
                let garbage = try server.client()
                try await garbage.socket.send("\u{1}\u{2}garbage\r\n\r\n")
                #expect(try await garbage.answer().status == 400)
                #expect(try await server.ask("GET", "/health").status == 200)
            }
        }

        @Test func whatNoContextCanHoldIsRefusedUnread() async throws {
            var model = TestGateway.model(PacedEngine.simple())
            model.tokenizer = LetterEngine.tokenizer
            model.tokenizer?.longestToken = 1
            let length = 4 * PacedEngine.simple().description.contextLength
            try await TestGateway.run([model]) { [model] server in
                let fits = String(repeating: "a", count: length)
                for (text, status) in [(fits, 200), (fits + "a", 400)] {
                    let body = #"{"model": "\#(model.id)", "messages": [{"role": "user", "content": "\#(text)"}]}"#
                    let answer = try await server.ask("POST", "/v1/chat/completions", json: body)
                    #expect(answer.status == status)
                    #expect(try answer.errorCode == (status == 200 ? nil : "context_length_exceeded"))
                }
            }
        }

        @Test func bodiesTogetherAreBounded() async throws {
            try await TestGateway.run(
                [TestGateway.model(PacedEngine.simple())],
                { $0.limits.allBodyBytes = 3000 }
            ) { server in
                let half = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n"
                let first = try server.client()
                try await first.socket.send(half + String(repeating: " ", count: 2990))
                // Whichever comes second is refused, so nothing is asked before this one is there.
                #expect(try await eventually { server.gateway.bodies.heldBytes == 2990 })
                let refused = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question)
                #expect(refused.status == 503)
                #expect(try refused.errorCode == "server_is_overloaded")
                #expect(refused.fields["retry-after"] == "2")
                first.socket.close()
                #expect(try await eventually { server.gateway.bodies.heldBytes == 0 })
                let taken = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question)
                #expect(taken.status == 200)
            }
        }
    }
#endif
