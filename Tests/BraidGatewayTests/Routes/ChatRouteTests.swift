#if Gateway
    import Braid
    import Foundation
    import Testing

    @testable import BraidGateway

    /// Runs that chat completions ask for, whole and in pieces.
    @Suite struct ChatRouteTests {
        @Test func aQuestionIsAnsweredWhole() async throws {
            let engine = PacedEngine.forking()
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question)
                #expect(answer.status == 200)
                let choice = try #require((try answer.json["choices"] as? [[String: Any]])?.first)
                let message = try #require(choice["message"] as? [String: Any])
                #expect(message["content"] as? String == "42")
                #expect(choice["finish_reason"] as? String == "stop")
                let reasoning = message["reasoning_content"] as? String
                #expect(reasoning == message["reasoning"] as? String)
                #expect(
                    reasoning == "first\n1: part 1\n2: part 2\n\n[thread 1] part 1\nwork 1\n 1\n\n"
                        + "[thread 2] part 2\nwork 2\n 2\n\n both")
                let usage = try #require(try answer.json["usage"] as? [String: Any])
                #expect(usage["completion_tokens"] as? Int == engine.tokens)
                let report = try #require(try answer.json["braid"] as? [String: Any])
                #expect(report["threads"] as? Int == 2)
                #expect(report["trajectory_id"] as? String == answer.fields["x-braid-trajectory-id"])
                #expect(engine.openContexts == 0)
            }
        }

        @Test func aStreamHasTheSameInOrderAndItsUsageAddsUp() async throws {
            let first = Gate()
            let engine = PacedEngine.forking(pauses: ["1": first])
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                try await client.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.streaming))
                // Thread 2 is over while thread 1 has not begun; what it wrote waits.
                #expect(try await eventually { engine.decoding == 1 && engine.tokens > 12 })
                let early = try await client.read(until: "[thread 1]")
                #expect(!early.contains("work 2"))
                first.open()
                let answer = try await client.answer()
                #expect(answer.fields["content-type"] == "text/event-stream; charset=utf-8")
                var reasoning = ""
                var content = ""
                var usage: [String: Any]?
                var finish: [String] = []
                #expect(answer.events.last?.data == "[DONE]")
                for event in answer.events.dropLast() {
                    let chunk = try #require(
                        try JSONSerialization.jsonObject(with: Data(event.data.utf8)) as? [String: Any])
                    usage = chunk["usage"] as? [String: Any] ?? usage
                    guard let choice = (chunk["choices"] as? [[String: Any]])?.first else { continue }
                    let delta = try #require(choice["delta"] as? [String: Any])
                    reasoning += delta["reasoning_content"] as? String ?? ""
                    if !reasoning.isEmpty, let text = delta["content"] as? String { content += text }
                    if let reason = choice["finish_reason"] as? String { finish.append(reason) }
                }
                #expect(content == "42")
                #expect(finish == ["stop"])
                #expect(
                    reasoning == "first\n1: part 1\n2: part 2\n\n[thread 1] part 1\nwork 1\n 1\n\n"
                        + "[thread 2] part 2\nwork 2\n 2\n\n both")
                #expect(usage?["completion_tokens"] as? Int == engine.tokens)
                // The stored record says the same.
                let id = try #require(answer.fields["x-braid-trajectory-id"])
                let stored = try await server.ask("GET", "/v1/trajectories/\(id)")
                #expect(try stored.json["status"] as? String == "finished")
                let events = try await server.ask("GET", "/v1/trajectories/\(id)/events")
                #expect(events.events.first?.name == "run_started")
                #expect(events.events.last?.name == "end")
                let trace = try await server.ask("GET", "/v1/trajectories/\(id)/perfetto")
                #expect(try trace.json["traceEvents"] as? [Any] != nil)
                let list = try await server.ask("GET", "/v1/trajectories?status=finished&query=MANY")
                #expect((try list.json["data"] as? [Any])?.count == 1)
                #expect(
                    (try await server.ask("GET", "/v1/trajectories?status=failed").json["data"] as? [Any])?.count == 0)
            }
        }

        @Test func severalAnswersAreSeveralRuns() async throws {
            let engine = PacedEngine.forking()
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let fields = #""model":"m","n":3,"messages":[{"role":"user","content":"how many?"}]"#
                let whole = try await server.ask("POST", "/v1/chat/completions", json: "{\(fields)}")
                let choices = try #require(try whole.json["choices"] as? [[String: Any]])
                #expect(choices.map { $0["index"] as? Int } == [0, 1, 2])
                let usage = try #require(try whole.json["usage"] as? [String: Any])
                #expect(usage["completion_tokens"] as? Int == engine.tokens)
                let runs = try #require(whole.fields["x-braid-trajectory-id"]).components(separatedBy: ", ")
                #expect(Set(runs).count == 3)
                let reports = (try whole.json["braid"] as? [String: Any])?["choices"] as? [[String: Any]]
                #expect(reports?.map { $0["trajectory_id"] as? String } == runs)

                let streamed = try await server.ask(
                    "POST", "/v1/chat/completions",
                    json: "{\(fields),\"stream\":true,\"stream_options\":{\"include_usage\":true}}")
                var contents = ["", "", ""]
                var finishes = 0
                for event in streamed.events.dropLast() {
                    let chunk = try JSONSerialization.jsonObject(with: Data(event.data.utf8)) as? [String: Any]
                    guard let choice = (chunk?["choices"] as? [[String: Any]])?.first else { continue }
                    let index = try #require(choice["index"] as? Int)
                    contents[index] += (choice["delta"] as? [String: Any])?["content"] as? String ?? ""
                    if choice["finish_reason"] is String { finishes += 1 }
                }
                #expect(contents == ["42", "42", "42"])
                #expect(finishes == 3)
                #expect(streamed.events.last?.data == "[DONE]")
                #expect(streamed.events.filter { $0.data.contains(#""usage":{"#) }.count == 1)
                #expect(engine.openContexts == 0)
            }
        }

        @Test func anEngineThatFailsIsAnErrorAndNeverAStop() async throws {
            let engine = PacedEngine { _ in [.text("thinking hard"), .fail(.failed("out of order"))] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let whole = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question)
                #expect(whole.status == 502)
                #expect(try whole.errorCode == "upstream_error")
                let stream = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.streaming)
                #expect(stream.status == 200)
                #expect(stream.events.last?.name == "error")
                #expect(!stream.text.contains("\"stop\""))
                #expect(!stream.text.contains("[DONE]"))
                #expect(engine.openContexts == 0)
            }
        }

        @Test func aBudgetThatIsUsedUpIsALength() async throws {
            let engine = PacedEngine.simple()
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let body = #"{"model": "m", "max_tokens": 2, "messages": [{"role": "user", "content": "?"}]}"#
                let answer = try await server.ask("POST", "/v1/chat/completions", json: body)
                let choice = try #require((try answer.json["choices"] as? [[String: Any]])?.first)
                #expect(choice["finish_reason"] as? String == "length")
                #expect((try answer.json["braid"] as? [String: Any])?["partial"] as? Bool == true)
                #expect(engine.tokens == 2)
            }
        }

        @Test func earlierMessagesAreNamedWhereTheMethodDoesNotReadThem() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let body =
                    #"{"model": "m", "messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}, "#
                    + #"{"role": "assistant", "content": "c"}, {"role": "user", "content": "d"}]}"#
                let answer = try await server.ask("POST", "/v1/chat/completions", json: body)
                #expect(answer.fields["x-braid-ignored-fields"] == "messages[0..2]")
                let id = try #require(answer.fields["x-braid-trajectory-id"])
                #expect(try await server.ask("GET", "/v1/trajectories/\(id)").json["question"] as? String == "d")
            }
        }

        /// The method that answers, or the error's code.
        private static func method(
            of server: TestGateway, _ model: String, _ rest: String = ""
        ) async throws -> String? {
            let answer = try await server.ask(
                "POST", "/v1/chat/completions",
                json: #"{"model": "\#(model)", "messages": [{"role": "user", "content": "?"}]\#(rest)}"#)
            let report = try answer.json["braid"] as? [String: Any]
            return try report?["method"] as? String ?? answer.errorCode
        }

        @Test func methodsAreChosenByNameOrField() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server async throws -> Void in
                #expect(try await Self.method(of: server, "m") == "adaptive")
                #expect(try await Self.method(of: server, "m:sequential") == "sequential")
                #expect(
                    try await Self.method(of: server, "m", #", "braid": {"method": "self-consistency", "samples": 3}"#)
                        == "self-consistency")
                #expect(try await Self.method(of: server, "m", #", "reasoning_effort": "none""#) == "sequential")
                #expect(try await Self.method(of: server, "m:nothing") == "model_not_found")
                #expect(
                    try await Self.method(of: server, "m", #", "braid": {"method": "nothing"}"#) == "unsupported_value")
                #expect(
                    try await Self.method(of: server, "m:sequential", #", "braid": {"method": "adaptive"}"#)
                        == "invalid_value")
                #expect(try await Self.method(of: server, "m", #", "braid": {"max_threads": 0}"#) != nil)
            }
        }
    }
#endif
