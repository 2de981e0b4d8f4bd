import Braid
import Synchronization
import Testing

@testable import BraidRemote

/// What a probe makes of engines as they describe themselves.
@Suite struct EngineProbeTests {
    private static func card(_ rest: String) -> ScriptedTransport.Reply {
        .json("{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"object\":\"model\"\(rest)}]}")
    }

    private func connect(
        model: String? = nil, _ script: @escaping @Sendable (String, String) throws -> ScriptedTransport.Reply?
    ) async throws -> RemoteEngine {
        let transport = ScriptedTransport { request in
            let path = String(request.url.dropFirst("http://127.0.0.1:9".count))
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            return try script(path, body) ?? .json("{\"error\":{\"message\":\"Not Found\"}}", status: 404)
        }
        return try await RemoteEngine.connect(
            to: [try EngineURL(Servers.url)], model: model, options: Servers.options(vocabulary: nil),
            transport: transport)
    }

    /// Tags are single tokens here, but for `<End>`.
    private static func tokenize(_ body: String) -> ScriptedTransport.Reply {
        let ids = body.contains("\"</Go>\"") ? "101" : body.contains("\"<Go>\"") ? "100" : "1,2"
        return .json("{\"tokens\":[\(ids)],\"count\":1,\"max_model_len\":512}")
    }

    @Test func findsVLLM() async throws {
        let engine = try await connect { path, body in Self.vLLM(path, body) }
        #expect(engine.description.name == "vllm")
        #expect(engine.description.tier == .tokens)
        #expect(engine.description.contextLength == 512)
        #expect(engine.description.controlTags == ["<Go>", "</Go>"])
    }

    private static func vLLM(_ path: String, _ body: String, model: String = "m") -> ScriptedTransport.Reply {
        switch path {
        case "/v1/models":
            .json("{\"data\":[{\"id\":\"\(model)\",\"owned_by\":\"vllm\",\"max_model_len\":512}]}")
        case "/version": .json("{\"version\":\"0.29.0\"}")
        case "/health": .json("{}")
        case "/tokenize": tokenize(body)
        case "/v1/completions":
            .stream([
                "{\"choices\":[{\"index\":0,\"text\":\"a\",\"token_ids\":[4],\"finish_reason\":\"length\"}]}", "[DONE]",
            ])
        default: .json("{}", status: 404)
        }
    }

    /// A server that is not there yet joins once it is, but not as another model.
    @Test(arguments: [[0], [1], [1, 2]]) func serversMayComeLater(_ absent: [Int]) async throws {
        let urls = (0..<3).map { "http://server\($0)" }
        let served = Mutex(urls.indices.map { absent.contains($0) ? nil : "m" })
        let transport = ScriptedTransport { request in
            let index = try #require(urls.firstIndex { request.url.hasPrefix($0) })
            guard let model = served.withLock({ $0[index] }) else { throw TransportError.unreachable("refused") }
            let path = String(request.url.dropFirst(urls[index].count))
            return Self.vLLM(path, String(decoding: request.body ?? [], as: UTF8.self), model: model)
        }
        let clock = ManualClock()
        let engine = try await RemoteEngine.connect(
            to: try urls.map { try EngineURL($0) }, options: Servers.options(vocabulary: nil), transport: transport,
            clock: clock)
        let isHere = urls.indices.map { !absent.contains($0) }
        #expect(engine.servers.map(\.isWell) == isHere)
        #expect(engine.description.controlTags == ["<Go>", "</Go>"])
        for _ in 0..<6 {
            let decoded = try await Servers.decode(try await engine.open("a"))
            #expect(decoded.ids == [4])
        }
        #expect(engine.statistics.retries == 0)

        for (model, isThere) in [("other", isHere), ("m", [true, true, true])] {
            served.withLock { served in absent.forEach { served[$0] = model } }
            clock.pass(.seconds(2))
            await engine.askWhoIsDue()
            #expect(engine.servers.map(\.isWell) == isThere)
        }
    }

    @Test func aServerThatComesLaterGetsRequests() async throws {
        let isHere = Mutex(false)
        let transport = ScriptedTransport { request in
            let isSecond = request.url.hasPrefix("http://second")
            guard !isSecond || isHere.withLock({ $0 }) else { throw TransportError.unreachable("refused") }
            let path = String(request.url.dropFirst((isSecond ? "http://second" : "http://first").count))
            return Self.vLLM(path, String(decoding: request.body ?? [], as: UTF8.self))
        }
        let clock = ManualClock()
        let engine = try await RemoteEngine.connect(
            to: [try EngineURL("http://first"), try EngineURL("http://second")],
            options: Servers.options(vocabulary: nil), transport: transport, clock: clock)
        #expect(engine.servers.map(\.isWell) == [true, false])
        isHere.withLock { $0 = true }
        clock.pass(.seconds(2))
        await engine.askWhoIsDue()
        #expect(engine.servers.map(\.isWell) == [true, true])
        let first = try await engine.pool.lease(preferring: nil)
        _ = try await Servers.decode(try await engine.open("a"))
        #expect(transport.asked("/v1/completions").last?.url == "http://second/v1/completions")
        first.end(.neutral)
    }

    @Test func oneServerMustBeThere() async throws {
        let transport = ScriptedTransport { _ in throw TransportError.unreachable("refused") }
        let nobody = RemoteEngineError.unreachable(url: "http://first", why: "it cannot be reached: refused")
        await #expect(throws: nobody) {
            try await RemoteEngine.connect(
                to: [try EngineURL("http://first"), try EngineURL("http://first")],
                options: Servers.options(vocabulary: nil), transport: transport)
        }
    }

    @Test func usesTextWhereIdsDoNotComeBack() async throws {
        let engine = try await connect { path, body in
            switch path {
            case "/v1/models": Self.card(",\"owned_by\":\"vllm\"")
            case "/version": .json("{\"version\":\"0.6.0\"}")
            case "/tokenize": Self.tokenize(body)
            case "/v1/completions":
                .stream(["{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"length\"}]}", "[DONE]"])
            default: nil
            }
        }
        #expect(engine.description.tier == .text)
    }

    @Test func findsSGLang() async throws {
        let engine = try await connect { path, body in
            switch path {
            case "/v1/models": Self.card(",\"owned_by\":\"sglang\",\"max_model_len\":4096")
            case "/get_model_info": .json("{\"model_path\":\"m\",\"is_generation\":true}")
            case "/tokenize": Self.tokenize(body)
            case "/generate":
                .stream([
                    "{\"text\":\"a\",\"output_ids\":[4],\"meta_info\":{\"completion_tokens\":1,"
                        + "\"finish_reason\":{\"type\":\"length\",\"length\":1}}}", "[DONE]",
                ])
            default: nil
            }
        }
        #expect(engine.description.name == "sglang")
        #expect(engine.description.tier == .tokens)
    }

    @Test func findsServicesByWhatTheyCan() async throws {
        func service(_ tier: EngineDescription.Tier) async throws -> RemoteEngine {
            try await connect { path, body in
                func chat(_ text: String) -> ScriptedTransport.Reply {
                    .stream([
                        "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\(text)\"},\"finish_reason\":\"stop\"}]}",
                        "[DONE]",
                    ])
                }
                return switch (path, tier) {
                case ("/v1/models", _): Self.card(",\"owned_by\":\"somebody\"")
                case ("/v1/completions", .text):
                    .stream(["{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"length\"}]}", "[DONE]"])
                case ("/v1/chat/completions", .chatPrefill): chat(body.contains("\"prefix\":true") ? " four" : "one")
                case ("/v1/chat/completions", .chat): chat("one, two")
                default: nil
                }
            }
        }
        for tier in [EngineDescription.Tier.text, .chatPrefill, .chat] {
            #expect(try await service(tier).description.tier == tier)
        }
    }

    @Test func saysWhatIsWrong() async throws {
        await #expect(throws: RemoteEngineError.unauthorized(url: "http://127.0.0.1:9")) {
            try await connect { _, _ in .json("{}", status: 401) }
        }
        await #expect(throws: RemoteEngineError.unknownModel("x", url: "http://127.0.0.1:9", served: ["m"])) {
            try await connect(model: "x") { _, _ in Self.card("") }
        }
        await #expect(throws: RemoteEngineError.modelNeeded(url: "http://127.0.0.1:9", served: ["m", "n"])) {
            try await connect { _, _ in .json("{\"data\":[{\"id\":\"m\"},{\"id\":\"n\"}]}") }
        }
        await #expect(throws: RemoteEngineError.modelNeeded(url: "http://127.0.0.1:9", served: [])) {
            try await connect { _, _ in .json("{\"data\":[]}") }
        }
        for reply in [ScriptedTransport.Reply.json("<html>"), .json("{}", status: 404)] {
            let error = await #expect(throws: RemoteEngineError.self) { try await connect { _, _ in reply } }
            #expect(error?.description.contains("is not an engine") == true)
        }
        let error = await #expect(throws: RemoteEngineError.self) {
            try await connect { _, _ in throw TransportError.unreachable("refused") }
        }
        #expect(error == .unreachable(url: "http://127.0.0.1:9", why: "it cannot be reached: refused"))
    }

    @Test func readsGaugesAndWidths() {
        let text = """
            # HELP x
            vllm:num_requests_running{model_name="m"} 2.0
            vllm:num_requests_running{model_name="n"} 1.0
            """
        #expect(EngineCheckup.running(inMetrics: text) == 3)
        #expect(EngineCheckup.running(inMetrics: "process_cpu 1\n") == nil)
        let speeds = [(1, 100.0), (2, 190), (4, 300), (8, 310), (16, 900)]
        let widths = speeds.map { EngineReport.WidthCheck(width: $0.0, tokensPerSecond: $0.1) }
        #expect(EngineCheckup.usefulWidth(widths) == 4)
    }
}
