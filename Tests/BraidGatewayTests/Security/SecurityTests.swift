import Testing

@testable import BraidGateway

@Suite struct SecurityTests {
    @Test func keysAreFoundByNameAndNothingElsePasses() throws {
        let keys = try APIKeys("# people\nann:secret-key-1\n\n  bob:secret:key:2\n")
        #expect(keys.name(of: "secret-key-1") == "ann")
        #expect(keys.name(of: "secret:key:2") == "bob")
        for wrong in [
            "", "secret-key-", "secret-key-10", "secret-key-2", "ann", String(repeating: "x", count: 100_000),
        ] {
            #expect(keys.name(of: wrong) == nil)
        }
        #expect("\(keys)".contains("secret") == false)
        #expect(String(reflecting: keys).contains("secret") == false)
    }

    @Test(arguments: ["ann", "ann:", "ann:short", "a nn:secret-key-1", ":secret-key-1", "ann:sec ret-key"])
    func malformedKeysAreRefusedWithoutShowingThem(_ line: String) {
        #expect(throws: APIKeys.Fault.malformedLine(2)) { try APIKeys("# keys\n\(line)") }
    }

    @Test func onLoopbackOnlyItsOwnNamesAreAnswered() throws {
        var configuration = GatewayConfiguration()
        configuration.allowedOrigins = ["https://app.example"]
        let check = HostCheck(configuration)
        for host in ["localhost", "LOCALHOST:8642", "127.0.0.1:8642", "[::1]:8642", "[::1]"] {
            #expect(try check.check(host: host, origin: nil) == nil)
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::2]:80"] {
            #expect(throws: OpenAIError.self) { try check.check(host: host, origin: nil) }
        }
        #expect(try check.check(host: "localhost:1", origin: "http://localhost:1") == nil)
        #expect(try check.check(host: "localhost:1", origin: "https://app.example") == "https://app.example")
        for origin in ["https://evil.example", "http://localhost:2", "null"] {
            #expect(throws: OpenAIError.self) { try check.check(host: "localhost:1", origin: origin) }
        }
    }

    @Test(arguments: [
        "/v1/models", "//v1/models", "/v1//models/", "/models", "http://localhost/v1/models", "/v1/%6dodels",
        "/v1/models?x=y", "/v1/models#x",
    ])
    func spellingsOfAnAddressAreOne(_ target: String) throws {
        let path = try #require(RequestPath(target))
        #expect(Route(path) == .models)
    }

    @Test(arguments: [
        "/v1/../v1/models", "/v1/%2e%2e/models", "/v1/./models", "/v1/mo%00dels", "/v1/mo%zzdels", "/v1/%ff", "*",
        "v1/models",
        "/v1\\models",
    ])
    func targetsThatAreNoAddressAreNone(_ target: String) {
        #expect(RequestPath(target) == nil)
    }

    @Test func routesAreClosedUnlessTheySayNothing() throws {
        #expect(Route(try #require(RequestPath("/V1/models"))) == nil)
        #expect(Route(try #require(RequestPath("/v1/models;x"))) == nil)
        #expect(Route(try #require(RequestPath("/v1/models/Qwen/Qwen3-8B"))) == .model("Qwen/Qwen3-8B"))
        #expect(Route(try #require(RequestPath("/v1/models/Qwen%2FQwen3-8B"))) == .model("Qwen/Qwen3-8B"))
        #expect(Route(try #require(RequestPath("/"))) == .page(.index))
        #expect(Route(try #require(RequestPath("/v1"))) == nil)
        for route in [Route.models, .chatCompletions, .trajectories, .metrics, .cancel("x")] { #expect(!route.isOpen) }
    }
}
