#if Gateway
    import Braid
    import BraidRemote
    import BraidStore
    import Foundation
    import Synchronization
    import Testing

    @testable import BraidGateway

    @Suite struct GatewayTests {
        private static let question =
            #"{"model": "m", "messages": [{"role": "user", "content": "how many?"}]}"#
        private static let streaming =
            #"{"model": "m", "stream": true, "stream_options": {"include_usage": true}, "#
            + #""messages": [{"role": "user", "content": "how many?"}]}"#

        // MARK: Routes

        @Test func plainRoutesAnswer() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let client = try server.client()
                #expect(try await client.ask("GET", "/health").status == 200)
                #expect(try await client.ask("GET", "/ready").status == 200)
                let models = try await client.ask("GET", "/v1/models/")
                let ids = (try models.json["data"] as? [[String: Any]])?.compactMap { $0["id"] as? String }
                #expect(ids == ["m", "m:adaptive", "m:sequential", "m:self-consistency"])
                #expect(try await client.ask("GET", "/models/m:sequential").status == 200)
                #expect(try await client.ask("GET", "/v1/models/x").errorCode == "model_not_found")
                let about = try await client.ask("GET", "/v1/braid")
                #expect(try about.json["requires_key"] as? Bool == false)
                let wrong = try await client.ask("GET", "/v1/chat/completions")
                #expect(wrong.status == 405)
                #expect(wrong.fields["allow"] == "POST, OPTIONS")
                #expect(try await client.ask("GET", "/v1/nothing").errorCode == "not_found")
                let head = try await client.ask("HEAD", "/health")
                #expect(head.status == 200)
                let page = try await client.ask("GET", "/")
                #expect(page.status == 200)
                #expect(page.fields["content-security-policy"]?.contains("default-src 'self'") == true)
                let metrics = try await client.ask("GET", "/metrics")
                #expect(metrics.text.contains("braid_requests_total{route=\"/health\",status=\"200\"} 2"))
                #expect(metrics.fields["x-request-id"]?.hasPrefix("req_") == true)
            }
        }

        @Test func aQuestionIsAnsweredWhole() async throws {
            let engine = PacedEngine.forking()
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: Self.question)
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
                    TestClient.request("POST", "/v1/chat/completions", json: Self.streaming))
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

        @Test func anEngineThatFailsIsAnErrorAndNeverAStop() async throws {
            let engine = PacedEngine { _ in [.text("thinking hard"), .fail(.failed("out of order"))] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let whole = try await server.ask("POST", "/v1/chat/completions", json: Self.question)
                #expect(whole.status == 502)
                #expect(try whole.errorCode == "upstream_error")
                let stream = try await server.ask("POST", "/v1/chat/completions", json: Self.streaming)
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
            var model = TestGateway.model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1"), credential: nil, model: "real")
            try await TestGateway.run([model]) { server in
                let body = #"{"model": "m:passthrough", "messages": [{"role": "user", "content": "?"}]}"#
                let answer = try await server.ask("POST", "/v1/chat/completions", json: body)
                #expect(answer.events.map(\.name) == ["message", "error"])
            }
        }

        @Test(arguments: [
            (307, ["location": "http://elsewhere/"], "redirect"), (200, ["content-type": "text/html"], "text/html"),
            (200, ["content-type": "application/json", "content-encoding": "gzip"], "gzip"), (401, [:], "key"),
        ])
        func whatIsNoAnswerIsNotPassedOn(_ status: Int, _ headers: [String: String], _ why: String) async throws {
            let upstream = FakeUpstream { HTTPResponse(status: status, headers: headers) { nil } }
            var model = TestGateway.model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1"), credential: nil, model: "real")
            try await TestGateway.run([model]) { server in
                let body = #"{"model": "m:passthrough", "messages": [{"role": "user", "content": "?"}]}"#
                let answer = try await server.ask("POST", "/v1/chat/completions", json: body)
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
            var model = TestGateway.model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1"), credential: nil, model: "real")
            try await TestGateway.run([model], { $0.limits.silence = .milliseconds(50) }) { server in
                let body = #"{"model": "m:passthrough", "messages": [{"role": "user", "content": "?"}]}"#
                let answer = try await server.ask("POST", "/v1/chat/completions", json: body)
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

        @Test func runsAreKeptInTheStoreAndToldFromIt() async throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("braid-\(UUID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let store = await DegradingStore.open(at: folder.appendingPathComponent("runs.sqlite")) {
                Issue.record("\($0)")
            }
            let models = [TestGateway.model(PacedEngine.forking())]
            let (id, events) = try await TestGateway.run(models, store: store) { server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: Self.question)
                let id = try #require(answer.fields["x-braid-trajectory-id"])
                let events = try await server.ask("GET", "/v1/trajectories/\(id)/events").text
                // What is on disk follows what is in memory.
                #expect(try await eventually { try await store.events(of: id).last?.type == "end" })
                return (id, events)
            }
            try await TestGateway.run(models, store: store) { server in
                let list = try await server.ask("GET", "/v1/trajectories?query=how%20many&limit=1")
                #expect((try list.json["data"] as? [[String: Any]])?.first?["id"] as? String == id)
                #expect(try await server.ask("GET", "/v1/trajectories/\(id)/events").text == events)
                let later = try await server.ask(
                    "GET", "/v1/trajectories/\(id)/events", fields: ["Last-Event-ID": "3"])
                #expect(later.text.hasPrefix("id: 4\n"))
                #expect(events.hasSuffix(later.text))
                let one = try await server.ask("GET", "/v1/trajectories/\(id)")
                #expect(try one.json["answer"] as? String == "42")
                #expect(try one.json["trajectory"] as? [String: Any] != nil)
                #expect(try await server.ask("GET", "/v1/trajectories/\(id)/perfetto").status == 200)
                #expect(
                    try await server.ask("POST", "/v1/trajectories/\(id)/cancel").json["status"] as? String
                        == "finished")
                #expect(try await server.ask("GET", "/v1/trajectories/run_nothing").status == 404)
            }
            await store.close()
        }

        @Test func aTraceGoesOnToTheModelsServer() async throws {
            let upstream = FakeUpstream(type: "application/json", pieces: ["{}"])
            var model = TestGateway.model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1"), credential: nil, model: "real")
            try await TestGateway.run([model]) { server in
                let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
                let answer = try await server.ask(
                    "POST", "/v1/chat/completions",
                    json: #"{"model": "m:passthrough", "messages": [{"role": "user", "content": "?"}]}"#,
                    fields: ["traceparent": "00-\(trace)-00f067aa0ba902b7-01"])
                #expect(answer.text == "{}")
                let sent = try #require(upstream.asked.first?.headers["traceparent"])
                #expect(sent.hasPrefix("00-\(trace)-"))
                #expect(!sent.contains("00f067aa0ba902b7"))
            }
        }

        // MARK: Clients that go away

        @Test(arguments: [true, false]) func aClientThatGoesAwayStopsItsRun(_ isStreaming: Bool) async throws {
            let engine = PacedEngine { _ in [.text("thinking"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                let body = isStreaming ? Self.streaming : Self.question
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
                try await first.socket.send(TestClient.request("POST", "/v1/chat/completions", json: Self.question))
                #expect(try await eventually { server.gateway.gate.counts == (1, 0) })
                let second = try server.client()
                try await second.socket.send(TestClient.request("POST", "/v1/chat/completions", json: Self.question))
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
                let body = isStreaming ? Self.streaming : Self.question
                try await client.socket.send(TestClient.request("POST", "/v1/chat/completions", json: body))
                #expect(try await eventually { engine.decoding == 1 && engine.tokens == 1 })
                client.socket.finishSending()
                // The server has seen it once it has tried whether the client still reads.
                _ = try await client.read(until: isStreaming ? ": ping" : " 102 ")
                gate.open()
                #expect(try await client.answer().text.contains("42"))
            }
        }

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
                try await socket.send(TestClient.request("POST", "/v1/chat/completions", json: Self.streaming))
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
                    TestClient.request("POST", "/v1/chat/completions", json: Self.streaming))
                _ = try await client.read(until: ": ping\n\n")
                gate.open()
                #expect(try await client.answer().events.last?.data == "[DONE]")
            }
        }

        @Test func aRunCanBeCancelled() async throws {
            let engine = PacedEngine { _ in [.text("x"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                try await client.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: Self.streaming))
                #expect(try await eventually { engine.tokens == 1 })
                let list = try await server.ask("GET", "/v1/trajectories?status=running")
                let id = try #require((try list.json["data"] as? [[String: Any]])?.first?["id"] as? String)
                let cancelled = try await server.ask("POST", "/v1/trajectories/\(id)/cancel")
                #expect(try cancelled.json["status"] as? String == "cancelled")
                #expect(try await client.answer().events.last?.name == "error")
                #expect(engine.openContexts == 0)
            }
        }

        @Test func aRunInWhichNothingHappensIsStopped() async throws {
            let engine = PacedEngine { _ in [.text("x"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)], { $0.limits.silence = .milliseconds(200) }) {
                server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: Self.question)
                #expect(answer.status == 504)
                #expect(try answer.errorCode == "upstream_timeout")
            }
        }

        // MARK: Too much

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
                try await first.socket.send(TestClient.request("POST", "/v1/chat/completions", json: Self.question))
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
                        TestClient.request("POST", "/v1/chat/completions", json: Self.question))
                    #expect(try await eventually { server.gateway.gate.counts == (1, index) })
                }
                let refused = try await server.ask("POST", "/v1/chat/completions", json: Self.question)
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
                    TestClient.request("POST", "/v1/chat/completions", json: Self.question, fields: ann))
                #expect(try await eventually { server.gateway.gate.counts == (1, 0) })
                let refused = try await server.ask("POST", "/v1/chat/completions", json: Self.question, fields: ann)
                #expect(refused.status == 429)
                #expect(refused.fields["retry-after"] != nil)
                let other = try server.client()
                try await other.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: Self.question, fields: bob))
                #expect(try await eventually { server.gateway.gate.counts == (2, 0) })
                gate.open()
                #expect(try await first.answer().status == 200)
                #expect(try await other.answer().status == 200)
            }
        }

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
                // What was taken is seen by others only.
                #expect(
                    try await eventually {
                        try await server.ask("POST", "/v1/chat/completions", json: Self.question).status == 503
                    })
                let refused = try await server.ask("POST", "/v1/chat/completions", json: Self.question)
                #expect(try refused.errorCode == "server_is_overloaded")
                #expect(refused.fields["retry-after"] == "2")
                first.socket.close()
                #expect(
                    try await eventually {
                        try await server.ask("POST", "/v1/chat/completions", json: Self.question).status == 200
                    })
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

        @Test func expectationsAreAnsweredAndPipelinedRequestsInOrder() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let client = try server.client()
                try await client.socket.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(Self.question.utf8.count)\r\n"
                        + "Expect: 100-continue\r\n\r\n")
                _ = try await client.read(until: "100 Continue")
                try await client.socket.send(Self.question)
                #expect(try await client.answer().status == 200)
                let request = TestClient.request("GET", "/health")
                try await client.socket.send(String(repeating: request, count: 20))
                for _ in 0..<20 { #expect(try await client.answer().status == 200) }
            }
        }

        @Test(arguments: [true, false]) func clientsOfHTTP10GetNeitherChunksNorInterimResponses(
            _ isStreaming: Bool
        ) async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let body = isStreaming ? Self.streaming : Self.question
                let client = try server.client()
                try await client.socket.send(
                    "POST /v1/chat/completions HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                let answer = try await client.rest()
                #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
                #expect(!answer.lowercased().contains("transfer-encoding"))
                #expect(answer.lowercased().contains("connection: close\r\n"))
                #expect(answer.hasSuffix(isStreaming ? "}\n\ndata: [DONE]\n\n" : "}"))
                let content = try #require(answer.firstRange(of: "\r\n\r\n")).upperBound
                #expect(answer[content...].hasPrefix(isStreaming ? "data: {" : "{"))
            }
        }

        @Test func aClientOfHTTP10ThatClosesHasGone() async throws {
            let engine = PacedEngine { _ in [.text("thinking"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                try await client.socket.send(
                    "POST /v1/chat/completions HTTP/1.0\r\nContent-Length: \(Self.question.utf8.count)\r\n\r\n"
                        + Self.question)
                #expect(try await eventually { engine.tokens == 1 })
                client.socket.finishSending()
                #expect(try await eventually { server.gateway.registry.runningCount == 0 })
                #expect(try await client.rest().isEmpty)
            }
        }

        @Test func aConnectionEndsWhereTheClientSaysSo() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let client = try server.client()
                let last = TestClient.request("GET", "/health", fields: ["Connection": "Close"])
                try await client.socket.send(TestClient.request("GET", "/health") + last + last)
                let answers = try await client.rest()
                #expect(answers.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
                #expect(answers.lowercased().contains("connection: close"))
            }
        }

        @Test(arguments: ["", "Host: localhost\r\nHost: localhost\r\n"]) func aRequestNamesOneHost(
            _ hosts: String
        ) async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let client = try server.client()
                try await client.socket.send("GET /health HTTP/1.1\r\n\(hosts)\r\n")
                #expect(try await client.answer().status == 400)
            }
        }

        @Test func theHeadOfAStreamIsNotGiven() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let run = try await server.ask("POST", "/v1/chat/completions", json: Self.question)
                let id = try #require(run.fields["x-braid-trajectory-id"])
                let client = try server.client()
                #expect(try await client.ask("HEAD", "/v1/trajectories/\(id)/events").status == 405)
                #expect(try await client.ask("HEAD", "/v1/trajectories/\(id)").status == 200)
                #expect(try await client.ask("GET", "/health").status == 200)
            }
        }

        // MARK: Keys and hosts

        @Test func withoutAKeyNothingIsAnsweredAndRunsBelongToTheirKeys() async throws {
            let keys = try APIKeys("ann:secret-key-1\nbob:secret-key-2")
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())], { $0.keys = keys }) { server in
                for path in [
                    "/v1/models", "//v1/models", "/v1/nothing", "/metrics", "/v1/trajectories", "/v1/../v1/models",
                ] {
                    let answer = try await server.ask("GET", path)
                    #expect(answer.status == 401 || answer.status == 404)
                    #expect(answer.status == 401 || path.contains(".."))
                }
                for wrong in ["Bearer nothing-of-that", "Basic secret-key-1", "secret-key-1", "Bearer"] {
                    let answer = try await server.ask("GET", "/v1/models", fields: ["Authorization": wrong])
                    #expect(try answer.errorCode == "invalid_api_key")
                }
                #expect(try await server.ask("GET", "/health").status == 200)
                #expect(try await server.ask("GET", "/v1/braid").json["requires_key"] as? Bool == true)
                let ann = ["Authorization": "Bearer secret-key-1"]
                let bob = ["Authorization": "Bearer secret-key-2"]
                let answer = try await server.ask("POST", "/v1/chat/completions", json: Self.question, fields: ann)
                let id = try #require(answer.fields["x-braid-trajectory-id"])
                #expect(try await server.ask("GET", "/v1/trajectories/\(id)", fields: ann).status == 200)
                #expect(try await server.ask("GET", "/v1/trajectories/\(id)", fields: bob).status == 404)
                #expect(try await server.ask("POST", "/v1/trajectories/\(id)/cancel", fields: bob).status == 404)
                let list = try await server.ask("GET", "/v1/trajectories", fields: bob)
                #expect((try list.json["data"] as? [Any])?.isEmpty == true)
            }
        }

        @Test func otherHostsAndOriginsAreRefused() async throws {
            try await TestGateway.run(
                [TestGateway.model(PacedEngine.simple())], { $0.allowedOrigins = ["https://app.example"] }
            ) { server in
                let rebound = try await server.ask("GET", "/health", fields: ["Host": "evil.example"])
                #expect(try rebound.errorCode == "host_not_allowed")
                let foreign = try await server.ask(
                    "POST", "/v1/chat/completions", json: Self.question, fields: ["Origin": "https://evil.example"])
                #expect(try foreign.errorCode == "origin_not_allowed")
                #expect(foreign.fields["access-control-allow-origin"] == nil)
                let preflight = try await server.ask(
                    "OPTIONS", "/v1/chat/completions",
                    fields: [
                        "Origin": "https://app.example",
                        "Access-Control-Request-Headers": "authorization, x-stainless-os, x-evil",
                    ])
                #expect(preflight.status == 204)
                #expect(preflight.fields["access-control-allow-origin"] == "https://app.example")
                #expect(preflight.fields["access-control-allow-headers"] == "authorization, x-stainless-os")
            }
        }

        @Test func anOpenAddressNeedsKeys() throws {
            var configuration = GatewayConfiguration()
            configuration.host = "0.0.0.0"
            let models = [TestGateway.model(PacedEngine.simple())]
            #expect(throws: GatewayError.open(host: "0.0.0.0")) {
                try Gateway(models: models, configuration: configuration)
            }
            configuration.allowsEverybody = true
            _ = try Gateway(models: models, configuration: configuration)
        }

        // MARK: Drain

        @Test func runsFinishBeforeTheServerEnds() async throws {
            let gate = Gate()
            let engine = PacedEngine { _ in [.text("x"), .wait(gate), .text(" y<Answer> 42</Answer>")] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                let other = try server.client()
                #expect(try await other.ask("GET", "/ready").status == 200)
                try await client.socket.send(TestClient.request("POST", "/v1/chat/completions", json: Self.streaming))
                #expect(try await eventually { engine.tokens == 1 })
                server.gateway.drain()
                #expect(try await other.ask("GET", "/ready").status == 503)
                let refused = try await other.ask("POST", "/v1/chat/completions", json: Self.question)
                #expect(try refused.errorCode == "shutting_down")
                gate.open()
                #expect(try await client.answer().events.last?.data == "[DONE]")
            }
        }

        @Test func whatIsPassedOnIsToldSoToo() async throws {
            let upstream = FakeUpstream {
                let pieces = Mutex([Array("data: {}\n\n".utf8)])
                return HTTPResponse(status: 200, headers: ["content-type": "text/event-stream"]) {
                    if let piece = pieces.withLock({ $0.popLast() }) { return piece }
                    try await Task.sleep(for: .seconds(3600))
                    return nil
                }
            }
            var model = TestGateway.model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1"), credential: nil, model: "real")
            try await TestGateway.run([model], { $0.drain = .milliseconds(50) }) { server in
                let client = try server.client()
                let body = #"{"model": "m:passthrough", "messages": [{"role": "user", "content": "?"}]}"#
                try await client.socket.send(TestClient.request("POST", "/v1/chat/completions", json: body))
                #expect(try await eventually { server.gateway.gate.counts.running == 1 })
                server.gateway.drain()
                let answer = try await client.answer()
                #expect(answer.text.contains("shutting_down"))
            }
        }

        @Test func runsThatDoNotFinishAreToldSo() async throws {
            let engine = PacedEngine { _ in [.text("x"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)], { $0.drain = .milliseconds(50) }) { server in
                let client = try server.client()
                try await client.socket.send(TestClient.request("POST", "/v1/chat/completions", json: Self.streaming))
                #expect(try await eventually { engine.tokens == 1 })
                server.gateway.drain()
                let answer = try await client.answer()
                #expect(answer.events.last?.name == "error")
                #expect(answer.text.contains("shutting_down"))
                #expect(!answer.text.contains("\"stop\""))
                #expect(engine.openContexts == 0)
            }
        }
    }
#endif
