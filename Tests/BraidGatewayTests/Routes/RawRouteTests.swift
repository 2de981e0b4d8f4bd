#if Gateway
    import Braid
    import Foundation
    import Testing

    @testable import BraidGateway

    /// Routes that need no method, over a socket.
    @Suite struct RawRouteTests {
        private static func letters(_ engine: LetterEngine = .reciting("abcdefghij")) -> ServedModel {
            ServedModel(
                id: "m", created: 1, contextLength: 64,
                methods: [
                    ServedMethod(name: "sequential", engine: engine, readsConversation: false) { _ in Sequential() }
                ], tokenizer: LetterEngine.tokenizer)
        }

        private static func param(_ answer: TestClient.Answer) throws -> String? {
            (try answer.json["error"] as? [String: Any])?["param"] as? String
        }

        @Test func aCompletionComesWholeAndInPieces() async throws {
            let engine = LetterEngine.reciting("abcde")
            try await TestGateway.run([Self.letters(engine)]) { server in
                let fields = #""model":"m","prompt":[0],"return_token_ids":true,"stop_tokens_ids":[1]"#
                let whole = try await server.ask("POST", "/v1/completions", json: "{\(fields)}")
                #expect(whole.status == 200)
                #expect(whole.fields["x-braid-ignored-fields"] == "stop_tokens_ids")
                let choice = try #require((try whole.json["choices"] as? [[String: Any]])?.first)
                #expect(choice["text"] as? String == "bcde")
                #expect(choice["finish_reason"] as? String == "stop")
                #expect(choice["token_ids"] as? [Int] == [1, 2, 3, 4, 99])
                let usage = try #require(try whole.json["usage"] as? [String: Int])
                #expect(usage == ["prompt_tokens": 1, "completion_tokens": 5, "total_tokens": 6])

                let streamed = try await server.ask(
                    "POST", "/v1/completions",
                    json: "{\(fields),\"stream\":true,\"stream_options\":{\"include_usage\":true}}")
                #expect(streamed.fields["content-type"] == "text/event-stream; charset=utf-8")
                let events = streamed.events.map(\.data)
                #expect(events.last == "[DONE]")
                #expect(events.dropLast().last?.contains(#""usage":{"prompt_tokens":1,"completion_tokens":5"#) == true)
                let texts = try events.dropLast(2).map { event in
                    let chunk = try JSONSerialization.jsonObject(with: Data(event.utf8)) as? [String: Any]
                    return (chunk?["choices"] as? [[String: Any]])?.first?["text"] as? String ?? "?"
                }
                #expect(texts.joined() == "bcde")
                #expect(engine.openContexts == 0)
                #expect(server.gateway.gate.counts.running == 0)
            }
        }

        @Test func aCompletionThatNobodyReadsEnds() async throws {
            let engine = PacedEngine { _ in [.text("a"), .hang] }
            var model = TestGateway.model(engine)
            model.tokenizer = LetterEngine.tokenizer
            let served = model
            try await TestGateway.run([served]) { server in
                for stream in ["true", "false"] {
                    let client = try server.client()
                    try await client.socket.send(
                        TestClient.request(
                            "POST", "/v1/completions", json: "{\"model\":\"m\",\"prompt\":[1],\"stream\":\(stream)}"))
                    #expect(try await eventually { engine.decoding == 1 })
                    client.socket.close()
                    #expect(try await eventually { engine.decoding == 0 && engine.openContexts == 0 })
                    #expect(try await eventually { server.gateway.gate.counts.running == 0 })
                }
            }
        }

        @Test func aCompletionThatFailsHasNoEnd() async throws {
            let engine = PacedEngine { _ in [.text("a"), .fail(.failed("broken"))] }
            var model = TestGateway.model(engine)
            model.tokenizer = LetterEngine.tokenizer
            let served = model
            try await TestGateway.run([served]) { server in
                let whole = try await server.ask("POST", "/v1/completions", json: #"{"model":"m","prompt":[1]}"#)
                #expect(whole.status == 502)
                let streamed = try await server.ask(
                    "POST", "/v1/completions", json: #"{"model":"m","prompt":[1],"stream":true}"#)
                #expect(streamed.events.last?.data.contains("upstream_error") == true)
                #expect(!streamed.text.contains("[DONE]"))
                #expect(!streamed.text.contains(#""finish_reason":"stop""#))
            }
        }

        @Test func tokensAreGivenAndTaken() async throws {
            try await TestGateway.run([Self.letters()]) { server in
                let client = try server.client()
                let raw = try await client.ask(
                    "POST", "/tokenize", json: #"{"prompt":"a<Thread>b","return_token_strs":true}"#)
                #expect(
                    raw.text
                        == #"{"count":4,"max_model_len":64,"tokens":[25,0,90,1],"token_strs":["z","a","<Thread>","b"]}"#
                )
                // In a message a tag is just characters.
                let chat = try await client.ask(
                    "POST", "/v1/tokenize", json: #"{"model":"m","messages":[{"role":"user","content":"a<Thread>"}]}"#)
                #expect(try (chat.json["tokens"] as? [Int])?.contains(90) == false)
                let text = try await client.ask("POST", "/detokenize", json: #"{"tokens":[0,90,1]}"#)
                #expect(text.text == #"{"prompt":"a<Thread>b"}"#)
                let outside = try await client.ask("POST", "/detokenize", json: #"{"tokens":[0,100]}"#)
                #expect(try Self.param(outside) == "tokens[1]")
            }
        }

        @Test(arguments: [
            (#""prompt":[100]"#, "prompt[0]"), (#""prompt":[0],"stop_token_ids":[100]"#, "stop_token_ids[0]"),
            ("\"prompt\":[" + Array(repeating: "1", count: 1_000_000).joined(separator: ",") + "]", "prompt"),
            (#""prompt":[-1]"#, "prompt[0]"),
            ("\"prompt\":[" + Array(repeating: "\"a\"", count: 20).joined(separator: ",") + "],\"n\":8", "n"),
        ])
        func badTokensAreRefusedByName(_ fields: String, _ param: String) async throws {
            try await TestGateway.run([Self.letters()]) { server in
                let answer = try await server.ask("POST", "/v1/completions", json: "{\"model\":\"m\",\(fields)}")
                #expect(answer.status == 400)
                #expect(try Self.param(answer) == param)
            }
        }

        @Test func withoutATokenizerThereAreNoTokens() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let client = try server.client()
                for (path, body) in [
                    ("/v1/completions", #"{"model":"m","prompt":"a"}"#), ("/tokenize", #"{"prompt":"a"}"#),
                    ("/detokenize", #"{"tokens":[1]}"#),
                ] {
                    let answer = try await client.ask("POST", path, json: body)
                    #expect(answer.status == 400)
                    #expect(try Self.param(answer) == "model")
                }
            }
        }

        @Test func badBodiesNeverBreakTheServer() async throws {
            try await TestGateway.run([Self.letters()]) { server in
                let client = try server.client()
                let bodies = [
                    "", "{", "[]", "\u{FEFF}{}", #"{"model":1e400}"#, #"{"model":"\ud800"}"#, #"{"model":"m"}"#,
                    String(repeating: "[", count: 10_000), #"{"model":"m","prompt":NaN}"#,
                ]
                for path in ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/tokenize", "/detokenize"] {
                    for body in bodies {
                        let answer = try await client.ask("POST", path, json: body)
                        #expect(answer.status == 400, "\(path) \(body.prefix(40))")
                    }
                }
                #expect(try await client.ask("GET", "/health").status == 200)
            }
        }
    }
#endif
