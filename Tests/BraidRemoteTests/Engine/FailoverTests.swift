import Braid
import Testing

@testable import BraidRemote

/// Servers that take the place of others.
@Suite struct FailoverTests {
    @Test func anotherServerTakesOver() async throws {
        let (engine, transport) = try VLLM.engine(
            count: 2, wait: Servers.endingPauses
        ) { request in
            if request.url.hasPrefix("http://server0") { throw TransportError.unreachable("refused") }
            return .stream(VLLM.good)
        }
        let context = try await engine.open("a")
        #expect(try await Servers.decode(context).ids == [1, 2, 101])
        #expect(transport.asked().map { String($0.url.prefix(14)) } == ["http://server0", "http://server1"])
        // What it began there it goes on with there: the cache has it.
        _ = try await Servers.decode(try await context.fork(1)[0])
        #expect(transport.asked().last?.url.hasPrefix("http://server1") == true)
    }

    @Test func anyServerTokenises() async throws {
        let transport = ScriptedTransport { request in
            if request.url.hasPrefix("http://server0") { throw TransportError.unreachable("refused") }
            return .json("{\"tokens\":[7,8]}")
        }
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport, count: 2,
            options: Servers.options(vocabulary: nil), wait: Servers.endingPauses)
        #expect(await (try await engine.open("a")).tokenCount == 2)
        #expect(transport.asked().map { String($0.url.prefix(14)) } == ["http://server0", "http://server1"])
    }

    @Test func aDeadServerCostsTheOthersNothingForLong() async throws {
        let transport = ScriptedTransport { request in
            if request.url.hasPrefix("http://server0") { throw TransportError.unreachable("refused") }
            return request.url.hasSuffix("/tokenize") ? .json("{\"tokens\":[7]}") : .stream(VLLM.good)
        }
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport, count: 2,
            options: Servers.options(vocabulary: nil), wait: Servers.endingPauses)
        for _ in 0..<100 {
            #expect(try await Servers.decode(try await engine.open("a")).ids == [1, 2, 101])
        }
        // Five failures, and nobody asks it any more.
        #expect(transport.asked().count { $0.url.hasPrefix("http://server0") } == 5)
    }

    @Test(arguments: [("m", "1,2", true), ("other", "1,2", false), ("m", "1,2,3", false)])
    func whatTakesAServersPlaceIsAskedWhatItIs(model: String, sample: String, isTheSame: Bool) async throws {
        let transport = ScriptedTransport { request in
            if request.url.hasSuffix("/v1/models") { return .json("{\"data\":[{\"id\":\"\(model)\"}]}") }
            if request.url.hasSuffix("/tokenize") { return .json("{\"tokens\":[\(sample)]}") }
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            if body.contains("\"prompt\":[1]") { return .stream([VLLM.event([1])], end: .fails(.cut("killed"))) }
            return .stream(Array(VLLM.good.dropFirst()))
        }
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport,
            identity: EngineIdentity(model: "m", sample: [1, 2]),
            wait: Servers.endingPauses)
        let context = try await engine.open("a")
        if isTheSame {
            #expect(try await Servers.decode(context).ids == [1, 2, 101])
            #expect(transport.asked("/v1/models").count == 1)
            // Nothing broke since.
            _ = try await Servers.decode(context)
            #expect(transport.asked("/v1/models").count == 1)
        } else {
            let error = await #expect(throws: EngineError.self) { try await Servers.decode(context) }
            #expect(error?.description.contains("another model has taken the place") == true)
            #expect(transport.asked("/completions").count == 1)
        }
        #expect(transport.openBodies == 0)
    }
}
