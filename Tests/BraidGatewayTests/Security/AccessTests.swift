#if Gateway
    import Testing

    @testable import BraidGateway

    /// Who is let in: by key, by host, by origin.
    @Suite struct AccessTests {
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
                let answer = try await server.ask("POST", "/v1/chat/completions", json: ChatBody.question, fields: ann)
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
                    "POST", "/v1/chat/completions", json: ChatBody.question, fields: ["Origin": "https://evil.example"])
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
    }
#endif
