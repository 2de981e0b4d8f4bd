import Braid
import Synchronization
import Testing

@testable import BraidRemote

/// Requests that are sent on as they are.
@Suite struct RelayTests {
    private func engine(
        count: Int = 2, credential: Credential? = nil,
        _ script: @escaping @Sendable (HTTPRequest) throws -> ScriptedTransport.Reply
    ) throws -> (RemoteEngine, ScriptedTransport) {
        let transport = ScriptedTransport(script)
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport, count: count,
            options: Servers.options(credential: credential), capacity: 2, wait: Servers.endingPauses)
        return (engine, transport)
    }

    private func relay(_ engine: RemoteEngine) async throws -> HTTPResponse {
        try await engine.relay("/v1/completions", headers: ["traceparent": "00-1"], body: Array("{}".utf8))
    }

    @Test func goesAsItIsWithTheEnginesKey() async throws {
        let (engine, transport) = try engine(credential: Credential("sk-own")) { _ in .json("{\"a\":1}") }
        let response = try await relay(engine)
        #expect(engine.pool.limits.map(\.inFlight) == [1, 0])
        #expect(try await response.collect() == Array("{\"a\":1}".utf8))
        #expect(engine.pool.limits.map(\.inFlight) == [0, 0])
        let asked = try #require(transport.asked().first)
        #expect(asked.url == "http://server0/v1/completions")
        #expect(asked.body == "{}")
        #expect(asked.headers == ["authorization": "Bearer sk-own", "traceparent": "00-1"])
    }

    @Test(arguments: [TransportError.unreachable("nobody"), .lost("reset")])
    func findsAServerThatAnswers(_ failure: TransportError) async throws {
        let (engine, transport) = try engine { request in
            if request.url.contains("server0") { throw failure }
            return .json("{}")
        }
        for _ in 0..<3 { _ = try await relay(engine).collect() }
        #expect(transport.asked().map { $0.url.contains("server1") } == [false, true, false, true, false, true])
        #expect(engine.statistics.retries == 3)
        for _ in 0..<3 { _ = try await relay(engine).collect() }
        // After five failures in a row it is left alone.
        #expect(transport.asked().map { $0.url.contains("server1") }.suffix(5) == [false, true, false, true, true])
        #expect(engine.pool.limits.map(\.inFlight) == [0, 0])
    }

    @Test func withNobodyThereItFails() async throws {
        let (engine, transport) = try engine { _ in throw TransportError.unreachable("nobody") }
        await #expect(throws: TransportError.unreachable("nobody")) { try await relay(engine) }
        #expect(transport.asked().count == 1 + RetryPolicy.maximumRetries)
        #expect(engine.pool.limits.map(\.inFlight) == [0, 0])
    }

    @Test func aRefusalIsTheAnswerAndCounts() async throws {
        let (engine, transport) = try engine(count: 1) { _ in .json("{\"error\":{}}", status: 429) }
        let response = try await relay(engine)
        #expect(response.status == 429)
        _ = try await response.collect()
        #expect(transport.asked().count == 1)
        #expect(engine.concurrencyLimits == [1])
    }

    @Test(arguments: [429, 500, 503]) func aServerThatCannotIsPassedOver(_ status: Int) async throws {
        let (engine, transport) = try engine { request in
            request.url.contains("server0") ? .json("{\"error\":{}}", status: status) : .json("{}")
        }
        #expect(try await relay(engine).status == 200)
        #expect(transport.asked().map { $0.url.contains("server1") } == [false, true])
        #expect(engine.statistics.retries == 1)
        #expect(transport.openBodies == 0)
    }

    @Test(arguments: [400, 401, 404, 422]) func whatEveryServerWouldSayIsTheAnswer(_ status: Int) async throws {
        let (engine, transport) = try engine { _ in .json("{\"error\":{}}", status: status) }
        #expect(try await relay(engine).status == status)
        #expect(transport.asked().count == 1)
    }

    @Test func whereAllAreOverloadedTheLastOneSaysSo() async throws {
        let (engine, transport) = try engine { _ in .json("{\"error\":{}}", status: 503) }
        let response = try await relay(engine)
        #expect(response.status == 503)
        _ = try await response.collect()
        #expect(transport.asked().count == 1 + RetryPolicy.maximumRetries)
        #expect(engine.pool.limits.map(\.inFlight) == [0, 0])
    }

    @Test func whatIsNotReadGivesItsPlaceBack() async throws {
        let (engine, transport) = try engine(count: 1) { _ in .stream(["1", "2"], end: .hangs) }
        do {
            let response = try await relay(engine)
            _ = try await response.nextBytes()
        }
        #expect(engine.pool.limits[0].inFlight == 0)
        #expect(transport.openBodies == 0)
    }
}
