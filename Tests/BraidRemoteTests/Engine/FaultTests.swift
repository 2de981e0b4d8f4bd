import Braid
import Testing

@testable import BraidRemote

/// Answers that cannot be used, and those that do not come.
@Suite struct FaultTests {
    @Test func aTokenizerThatFailsSaysSoWithoutTheKey() async throws {
        let transport = ScriptedTransport { _ in .json("{\"error\":{\"message\":\"no sk-planted\"}}", status: 400) }
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport,
            options: Servers.options(vocabulary: nil, credential: Credential("sk-planted")))
        let error = await #expect(throws: EngineError.self) { try await engine.open("a") }
        #expect(error?.description.contains("cannot tokenise: it answered 400: no [key]") == true)
        #expect(transport.asked().count == 1)
    }

    @Test func aJoinDoesNotWaitForEverToBeReadAhead() async throws {
        let (engine, transport) = try VLLM.engine(wait: { _ in }) { _ in .stream([], end: .hangs) }
        let main = try await engine.open("a")
        await #expect(throws: TransportError.self) { try await main.warmUpJoin("bb") }
        #expect(transport.openBodies == 0)
        #expect(engine.pool.limits[0].inFlight == 0)
    }

    @Test(arguments: [
        ScriptedTransport.Reply(headers: ["content-type": "text/html"], parts: [Array("<html>login</html>".utf8)]),
        .init(headers: ["content-type": "text/event-stream", "content-encoding": "gzip"], parts: [[0x1F, 0x8B]]),
        .stream(["not json"]),
    ])
    func whatIsNoStreamIsAnError(_ reply: ScriptedTransport.Reply) async throws {
        let (engine, _) = try VLLM.engine { _ in reply }
        let context = try await engine.open("a")
        let error = await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        #expect(error?.description.contains("makes no sense") == true)
    }

    @Test func silenceIsAnError() async throws {
        // Time stands still but for the waits of the engine, each of which ends at once.
        let (engine, transport) = try VLLM.engine(wait: { _ in }) { _ in .stream([], end: .hangs) }
        let context = try await engine.open("a")
        let error = await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        #expect(error?.description.contains("nothing came") == true)
        #expect(transport.openBodies == 0)
    }
}
