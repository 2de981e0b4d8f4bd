import Braid
import Testing

@testable import BraidRemote

/// Generations that nobody waits for any more.
@Suite struct CancellationTests {
    @Test func cancellingClosesTheRequestAndAborts() async throws {
        let aborted = AsyncStream<Void>.makeStream()
        let transport = ScriptedTransport { request in
            if request.url.hasSuffix("/abort_request") {
                aborted.continuation.yield()
                return .json("{}")
            }
            return .stream(["{\"text\":\"a\",\"output_ids\":[1],\"meta_info\":{\"completion_tokens\":1}}"], end: .hangs)
        }
        let engine = try Servers.engine({ SGLangAdapter(tier: .tokens, address: $0) }, transport: transport)
        let context = try await engine.open("a")
        let (started, begun) = AsyncStream<Void>.makeStream()
        let task = Task {
            for try await event in context.decode(DecodingOptions(stops: [], maximumTokens: 9)) {
                if case .token = event { begun.yield() }
            }
        }
        for await _ in started { break }
        task.cancel()
        _ = await task.result
        for await _ in aborted.stream { break }
        #expect(transport.openBodies == 0)
        #expect(engine.pool.limits[0].inFlight == 0)
        let rid = try #require(transport.asked("/generate")[0].body.firstMatch(of: /"rid":"([0-9a-f]{32})"/)?.1)
        #expect(transport.asked("/abort_request")[0].body == "{\"rid\":\"\(rid)\"}")
        #expect(await context.tokenCount == 2)
    }

    @Test func lettingGoOfManyCallsLeaksNothing() async throws {
        let (engine, transport) = try VLLM.engine { _ in .stream([VLLM.event([1]), VLLM.event([1])], end: .hangs) }
        let main = try await engine.open("a")
        for _ in 0..<1000 {
            let thread = try await main.fork(1)[0]
            for try await _ in thread.decode(DecodingOptions(stops: [], maximumTokens: 9)) { break }
            await thread.close()
        }
        #expect(transport.openBodies == 0)
        #expect(engine.pool.limits[0].inFlight == 0)
    }
}
