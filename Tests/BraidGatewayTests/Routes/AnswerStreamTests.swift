#if Gateway
    import Braid
    import Foundation
    import Testing

    @testable import BraidGateway

    /// What a client reads of an answer while the model still writes it.
    @Suite struct AnswerStreamTests {
        private static func request(_ more: String = "", stream: Bool = true) -> String {
            #"{"model": "m", "stream": \#(stream), "messages": [{"role": "user", "content": "q"}]\#(more)}"#
        }

        /// A model that waits in the middle of its answer.
        private static func engine(_ gate: Gate) -> PacedEngine {
            PacedEngine { _ in [.text("hm<Answer> It is"), .wait(gate), .text(" 42, \"sure\".\n</Answer>")] }
        }

        private static func content(_ answer: TestClient.Answer) throws -> [String] {
            try answer.events.filter { $0.data != "[DONE]" }.compactMap { event in
                let chunk = try JSONSerialization.jsonObject(with: Data(event.data.utf8)) as? [String: Any]
                let delta = (chunk?["choices"] as? [[String: Any]])?.first?["delta"] as? [String: Any]
                return (delta?["content"] as? String).flatMap { $0.isEmpty ? nil : $0 }
            }
        }

        @Test func chatReadsTheAnswerWhileItIsWritten() async throws {
            let gate = Gate()
            try await TestGateway.run([TestGateway.model(Self.engine(gate))]) { server in
                let client = try server.client()
                try await client.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: Self.request()))
                let early = try await client.read(until: " is\"")
                #expect(!early.contains("sure"))
                gate.open()
                let answer = try await client.answer()
                #expect(try Self.content(answer).joined() == "It is 42, \"sure\".")
                let whole = try await server.ask("POST", "/v1/chat/completions", json: Self.request(stream: false))
                let message = (try whole.json["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]
                #expect(message?["content"] as? String == "It is 42, \"sure\".")
                #expect(message?["reasoning"] as? String == "hm")
            }
        }

        @Test func responsesReadTheAnswerWhileItIsWritten() async throws {
            let gate = Gate()
            try await TestGateway.run([TestGateway.model(Self.engine(gate))]) { server in
                let client = try server.client()
                try await client.socket.send(
                    TestClient.request(
                        "POST", "/v1/responses", json: #"{"model": "m", "input": "q", "stream": true}"#))
                let early = try await client.read(until: " is\"")
                #expect(early.contains("response.reasoning_text.done"))
                #expect(!early.contains("sure"))
                gate.open()
                let last = try #require(try await client.answer().events.last)
                #expect(last.name == "response.completed")
                #expect(last.data.contains(#""text":"It is 42, \"sure\".""#))
            }
        }

        @Test(arguments: [#""is""#, #"["42", "is 4"]"#, #"["sure\"."]"#, #"["nowhere", "."]"#])
        func aStopEndsBothFormsAtTheSamePlace(stop: String) async throws {
            let gate = Gate()
            gate.open()
            try await TestGateway.run([TestGateway.model(Self.engine(gate))]) { server in
                let streamed = try await server.ask(
                    "POST", "/v1/chat/completions", json: Self.request(", \"stop\": \(stop)"))
                let whole = try await server.ask(
                    "POST", "/v1/chat/completions", json: Self.request(", \"stop\": \(stop)", stream: false))
                let message = (try whole.json["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]
                let content = try #require(message?["content"] as? String)
                #expect(try Self.content(streamed).joined() == content)
                #expect(content.count < "It is 42, \"sure\".".count)
                #expect(content.hasPrefix("It"))
            }
        }

        @Test func anAnswerThatIsCutIsTheSameInBothForms() async throws {
            let gate = Gate()
            gate.open()
            try await TestGateway.run([TestGateway.model(Self.engine(gate))]) { server in
                let streamed = try await server.ask(
                    "POST", "/v1/chat/completions", json: Self.request(", \"max_tokens\": 4"))
                #expect(try Self.content(streamed).joined() == "It is")
                #expect(streamed.text.contains(#""finish_reason":"length""#))
                let whole = try await server.ask(
                    "POST", "/v1/chat/completions", json: Self.request(", \"max_tokens\": 4", stream: false))
                let choice = (try whole.json["choices"] as? [[String: Any]])?.first
                #expect((choice?["message"] as? [String: Any])?["content"] as? String == "It is")
                #expect(choice?["finish_reason"] as? String == "length")
            }
        }

        @Test func anEngineThatFailsInTheAnswerIsAnErrorBehindIt() async throws {
            let engine = PacedEngine { _ in [.text("<Answer> It is"), .fail(.failed("gone"))] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: Self.request())
                #expect(try Self.content(answer).joined() == "It is")
                #expect(answer.events.last?.name == "error")
                #expect(!answer.text.contains("finish_reason\":\"stop"))
            }
        }
    }
#endif
