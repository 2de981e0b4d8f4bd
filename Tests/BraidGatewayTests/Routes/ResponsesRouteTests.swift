#if Gateway
    import Foundation
    import Testing

    @testable import BraidGateway

    /// Runs that the responses API asks for.
    @Suite struct ResponsesRouteTests {
        @Test func aResponseComesWholeAndInEvents() async throws {
            let engine = PacedEngine.forking()
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let whole = try await server.ask("POST", "/v1/responses", json: #"{"model":"m","input":"how many?"}"#)
                #expect(whole.status == 200)
                #expect(try whole.json["status"] as? String == "completed")
                let output = try #require(try whole.json["output"] as? [[String: Any]])
                #expect(
                    output.map { $0["type"] as? String } == [
                        "reasoning", "reasoning", "reasoning", "reasoning", "message",
                    ])
                let threads = output.compactMap { ($0["braid"] as? [String: Any])?["thread"] as? String }
                #expect(threads == ["0", "0.1", "0.2", "0"])
                let usage = try #require(try whole.json["usage"] as? [String: Any])
                #expect(usage["output_tokens"] as? Int == engine.tokens)

                let streamed = try await server.ask(
                    "POST", "/v1/responses", json: #"{"model":"m","input":"how many?","stream":true}"#)
                #expect(streamed.events.first?.name == "response.created")
                let last = try #require(streamed.events.last)
                #expect(last.name == "response.completed")
                #expect(!streamed.text.contains("[DONE]"))
                let final = try JSONSerialization.jsonObject(with: Data(last.data.utf8)) as? [String: Any]
                let items = (final?["response"] as? [String: Any])?["output"] as? [[String: Any]]
                let texts = [items ?? [], output].map { list in
                    list.map { (($0["content"] as? [[String: Any]])?.first)?["text"] as? String }
                }
                #expect(texts[0] == texts[1])
            }
        }
    }
#endif
