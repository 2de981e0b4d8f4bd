#if Gateway
    import BraidRemote
    import Foundation
    import Testing

    @testable import BraidGateway

    /// Requests that a model's own server answers.
    @Suite struct PassThroughTests {
        @Test func requestsWithToolsArePassedOnUnchanged() async throws {
            let upstream = FakeUpstream(
                type: "text/event-stream", pieces: ["data: {\"a\"", ": 1}\n\ndata: [DONE]\n\n"])
            var model = TestGateway.model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1/v1"),
                credential: Credential("upstream-key"),
                model: "real")
            let keys = try APIKeys("ann:secret-key-1")
            try await TestGateway.run([model], { $0.keys = keys }) { server in
                let body =
                    #"{"model": "m", "tools": [{"type": "function"}], "braid": {}, "stream": true, "#
                    + #""messages": [{"role": "user", "content": "?"}]}"#
                let answer = try await server.ask(
                    "POST", "/v1/chat/completions", json: body, fields: ["Authorization": "Bearer secret-key-1"])
                #expect(answer.status == 200)
                #expect(answer.text == "data: {\"a\": 1}\n\ndata: [DONE]\n\n")
                let asked = try #require(upstream.asked.first)
                #expect(asked.url == "http://127.0.0.1:1/v1/chat/completions")
                #expect(asked.headers["authorization"] == "Bearer upstream-key")
                let bytes = asked.body ?? []
                #expect(String(decoding: bytes, as: UTF8.self).contains(#"[{"type": "function"}]"#))
                let sent = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
                #expect(sent["model"] as? String == "real")
                #expect(sent.keys.sorted() == ["messages", "model", "stream", "tools"])
                #expect(server.gateway.gate.counts == (0, 0))
            }
        }

        @Test func aPassedOnStreamThatIsCutEndsWithAnError() async throws {
            let upstream = FakeUpstream(
                type: "text/event-stream", pieces: ["data: {}\n\n"], failure: .cut("reset"))
            try await TestGateway.run([TestGateway.model(passingOnTo: upstream)]) { server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.passedOn)
                #expect(answer.events.map(\.name) == ["message", "error"])
            }
        }

        @Test(arguments: [
            (307, ["location": "http://elsewhere/"], "redirect"), (200, ["content-type": "text/html"], "text/html"),
            (200, ["content-type": "application/json", "content-encoding": "gzip"], "gzip"), (401, [:], "key"),
        ])
        func whatIsNoAnswerIsNotPassedOn(_ status: Int, _ headers: [String: String], _ why: String) async throws {
            let upstream = FakeUpstream { HTTPResponse(status: status, headers: headers) { nil } }
            try await TestGateway.run([TestGateway.model(passingOnTo: upstream)]) { server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.passedOn)
                #expect(answer.status == 502)
                #expect(try answer.errorCode == "upstream_error")
                #expect(answer.text.contains(why))
                #expect(server.gateway.gate.counts == (0, 0))
            }
        }

        @Test(arguments: [true, false]) func aServerThatSaysNothingIsNotWaitedFor(_ hasBegun: Bool) async throws {
            let upstream = FakeUpstream {
                if !hasBegun { try await Task.sleep(for: .seconds(3600)) }
                return HTTPResponse(status: 200, headers: ["content-type": "text/event-stream"]) {
                    try await Task.sleep(for: .seconds(3600))
                    return nil
                }
            }
            try await TestGateway.run(
                [TestGateway.model(passingOnTo: upstream)], { $0.limits.silence = .milliseconds(50) }
            ) { server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.passedOn)
                #expect(answer.status == (hasBegun ? 200 : 504))
                #expect(answer.text.contains("upstream_timeout"))
                #expect(try await eventually { server.gateway.gate.counts == (0, 0) })
            }
        }

        @Test func withoutAServerOfItsOwnAModelCallsNoTools() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let body =
                    #"{"model": "m", "tools": [{"type": "function"}], "messages": [{"role": "user", "content": "?"}]}"#
                let answer = try await server.ask("POST", "/v1/chat/completions", json: body)
                #expect(answer.status == 400)
                #expect(try answer.errorCode == "unsupported_value")
                #expect((try answer.json["error"] as? [String: Any])?["param"] as? String == "tools")
            }
        }

        @Test func aTraceGoesOnToTheModelsServer() async throws {
            let upstream = FakeUpstream(type: "application/json", pieces: ["{}"])
            try await TestGateway.run([TestGateway.model(passingOnTo: upstream)]) { server in
                let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
                let answer = try await server.ask(
                    "POST", "/v1/chat/completions", json: ChatBody.passedOn,
                    fields: ["traceparent": "00-\(trace)-00f067aa0ba902b7-01"])
                #expect(answer.text == "{}")
                let sent = try #require(upstream.asked.first?.headers["traceparent"])
                #expect(sent.hasPrefix("00-\(trace)-"))
                #expect(!sent.contains("00f067aa0ba902b7"))
            }
        }
    }
#endif
