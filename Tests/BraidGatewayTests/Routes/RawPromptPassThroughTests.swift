#if Gateway
    import BraidRemote
    import Foundation
    import Testing

    @testable import BraidGateway

    /// Raw prompts for models whose tokenizer is not known here.
    @Suite struct RawPromptPassThroughTests {
        @Test(arguments: ["m", "m:passthrough"])
        func rawPromptsArePassedOnWhereTheTokenizerIsNotKnown(_ name: String) async throws {
            let upstream = FakeUpstream(type: "application/json", pieces: ["{\"choices\"", ":[]}"])
            var model = TestGateway.model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1/v1"), credential: nil, model: "real")
            try await TestGateway.run([model]) { server in
                let answer = try await server.ask(
                    "POST", "/v1/completions", json: #"{"model": "\#(name)", "prompt": "1 + 1 =", "best_of": 1}"#)
                #expect(answer.status == 200)
                #expect(answer.text == #"{"choices":[]}"#)
                let asked = try #require(upstream.asked.first)
                #expect(asked.url == "http://127.0.0.1:1/v1/completions")
                let sent = try #require(
                    try JSONSerialization.jsonObject(with: Data(asked.body ?? [])) as? [String: Any])
                #expect(sent["model"] as? String == "real")
                #expect(sent["prompt"] as? String == "1 + 1 =")
                #expect(server.gateway.gate.counts == (0, 0))
            }
        }

        @Test func withoutAServerRawPromptsNeedATokenizer() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                for (route, body) in [
                    ("/v1/completions", #"{"model": "m", "prompt": "1"}"#),
                    ("/tokenize", #"{"model": "m", "prompt": "1"}"#),
                ] {
                    let answer = try await server.ask("POST", route, json: body)
                    #expect(answer.status == 400)
                    #expect(answer.text.contains("--tokenizer"))
                }
            }
        }
    }
#endif
