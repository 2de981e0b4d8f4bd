import Braid
import Synchronization
import Testing

@testable import BraidRemote

/// What is asked again after a fault, and what is not.
@Suite struct RetryTests {
    @Test(arguments: [
        ScriptedTransport.Reply.json("{\"error\":{\"message\":\"overloaded\"}}", status: 503),
        .json("{\"error\":{\"message\":\"slow down\"}}", status: 429, headers: ["retry-after": "0"]),
        .json("", status: 502), .stream([], end: .fails(.lost("reset"))), .stream([]), .stream([VLLM.done]),
        .stream(["{\"error\":{\"message\":\"died\"}}", VLLM.done]),
    ])
    func whatFailsBeforeTheFirstTokenIsTriedAgain(_ fault: ScriptedTransport.Reply) async throws {
        let count = Mutex(0)
        let pauses = Mutex<[Duration]>([])
        let (engine, transport) = try VLLM.engine(
            wait: { duration in
                if duration >= .seconds(60) { return try await Servers.never() }
                pauses.withLock { $0.append(duration) }
            }
        ) { _ in
            count.withLock { count in
                count += 1
                return count == 1 ? fault : .stream(VLLM.good)
            }
        }
        let decoded = try await Servers.decode(try await engine.open("a"))
        #expect(decoded.ids == [1, 2, 101])
        #expect(transport.asked().count == 2)
        #expect(engine.statistics.retries == 1)
        #expect(transport.openBodies == 0)
    }

    @Test(arguments: [400, 401, 403, 404, 413, 422])
    func whatIsWrongIsNotTriedAgain(_ status: Int) async throws {
        let options = Servers.options(credential: Credential("sk-planted"))
        let (engine, transport) = try VLLM.engine(options: options) { _ in
            .json("{\"error\":{\"message\":\"bad sk-planted\",\"code\":\(status)}}", status: status)
        }
        let context = try await engine.open("a")
        let error = await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        #expect(error?.description.contains("\(status)") == true)
        #expect(error?.description.contains("sk-planted") == false)
        #expect(transport.asked().count == 1)
        #expect(engine.pool.limits[0].inFlight == 0)
    }

    @Test func moneyThatIsGoneIsNotTriedAgain() async throws {
        let (engine, transport) = try VLLM.engine { _ in
            .json("{\"error\":{\"message\":\"pay\",\"code\":\"insufficient_quota\"}}", status: 429)
        }
        let context = try await engine.open("a")
        await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        #expect(transport.asked().count == 1)
    }

    @Test func whatFailsLaterGoesOnFromItsTokens() async throws {
        // After any number of tokens the next request begins where the last one broke; the whole is as without a fault.
        for length in 0...2 {
            let (engine, transport) = try VLLM.engine(
                wait: Servers.endingPauses
            ) { request in
                let body = String(decoding: request.body ?? [], as: UTF8.self)
                let ids = body.firstMatch(of: /"prompt":\[([0-9,]*)\]/).map { $0.1.split(separator: ",").count } ?? 0
                if ids == 1 { return .stream(Array(VLLM.good.prefix(length)), end: .fails(.cut("reset"))) }
                return .stream(Array(VLLM.good.dropFirst(ids - 1)))
            }
            let context = try await engine.open("a")
            let decoded: Servers.Decoded
            if length == 0 {
                await #expect(throws: EngineError.self) { try await Servers.decode(context) }
                #expect(transport.asked().count == 3)
                continue
            }
            decoded = try await Servers.decode(context, maximumTokens: 10)
            #expect(decoded == .init(ids: [1, 2, 101], text: "w1 w2 </Go>", stop: .control("</Go>")))
            #expect(transport.asked().map { $0.body.contains("\"max_tokens\":\(10 - length)") } == [false, true])
        }
    }

    @Test func textThatWasDeliveredIsNeverRepeated() async throws {
        let transport = ScriptedTransport { _ in
            .stream(["{\"choices\":[{\"index\":0,\"text\":\"half an\",\"finish_reason\":null}]}"])
        }
        let engine = try Servers.engine({ CompletionsAdapter(address: $0) }, transport: transport)
        let context = try await engine.open("a")
        let error = await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        #expect(error?.description.contains("ended early") == true)
        #expect(transport.asked().count == 1)
    }

    @Test func lostConnectionsAreRetriesLikeOthers() async throws {
        let (engine, transport) = try VLLM.engine(wait: Servers.endingPauses) { _ in
            throw TransportError.lost("reset")
        }
        for _ in 0..<50 {
            let context = try await engine.open("a")
            await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        }
        #expect(transport.asked().count <= 50 + 10 + 10)
        #expect(engine.statistics.requests == transport.asked().count)
    }
}
