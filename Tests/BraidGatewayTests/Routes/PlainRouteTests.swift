#if Gateway
    import Testing

    @testable import BraidGateway

    /// What is answered without a run.
    @Suite struct PlainRouteTests {
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
    }
#endif
