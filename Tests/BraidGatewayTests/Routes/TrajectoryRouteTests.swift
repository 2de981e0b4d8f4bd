#if Gateway
    import BraidStore
    import Foundation
    import Testing

    @testable import BraidGateway

    /// Runs as they are told of, and cancelled, from outside.
    @Suite struct TrajectoryRouteTests {
        @Test func runsAreKeptInTheStoreAndToldFromIt() async throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("braid-\(UUID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let store = await DegradingStore.open(at: folder.appendingPathComponent("runs.sqlite")) {
                Issue.record("\($0)")
            }
            let models = [TestGateway.model(PacedEngine.forking())]
            let (id, events) = try await TestGateway.run(models, store: store) { server in
                let answer = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question)
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

        @Test func aRunCanBeCancelled() async throws {
            let engine = PacedEngine { _ in [.text("x"), .hang] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                let client = try server.client()
                try await client.socket.send(
                    TestClient.request("POST", "/v1/chat/completions", json: ChatBody.streaming))
                #expect(try await eventually { engine.tokens == 1 })
                let list = try await server.ask("GET", "/v1/trajectories?status=running")
                let id = try #require((try list.json["data"] as? [[String: Any]])?.first?["id"] as? String)
                let cancelled = try await server.ask("POST", "/v1/trajectories/\(id)/cancel")
                #expect(try cancelled.json["status"] as? String == "cancelled")
                #expect(try await client.answer().events.last?.name == "error")
                #expect(engine.openContexts == 0)
            }
        }

        @Test func theHeadOfAStreamIsNotGiven() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let run = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question)
                let id = try #require(run.fields["x-braid-trajectory-id"])
                let client = try server.client()
                #expect(try await client.ask("HEAD", "/v1/trajectories/\(id)/events").status == 405)
                #expect(try await client.ask("HEAD", "/v1/trajectories/\(id)").status == 200)
                #expect(try await client.ask("GET", "/health").status == 200)
            }
        }
    }
#endif
