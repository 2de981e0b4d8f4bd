import Braid
import Synchronization
import Testing

@testable import BraidRemote

/// Servers that are asked whether they are well: when, and what is made of it.
@Suite struct ServerWatchTests {
    /// A clock that stands still until a test moves it.
    private final class ManualTime: Sendable {
        private let state = Mutex(Duration.zero)
        var now: Duration { state.withLock { $0 } }
        func pass(_ duration: Duration) { state.withLock { $0 += duration } }
    }

    private static func engine(
        at urls: [String], transport: any HTTPTransport, time: ManualTime,
        adapter: (EngineAddress) -> any EngineAdapter,
        identity: EngineIdentity? = nil
    ) throws -> RemoteEngine {
        let endpoints = try urls.map { url in
            let address = EngineAddress(url: try EngineURL(url), model: "m", credential: nil)
            return RemoteEndpoint(
                url: address.url, adapter: adapter(address), model: "m", contextLength: 100, capacity: 4,
                tags: Servers.tags, identity: identity)
        }
        return RemoteEngine(
            endpoints, options: Servers.options(vocabulary: Servers.vocabulary(decodes: false)), transport: transport,
            time: TimeLimit(wait: { if $0 > .zero { try await Servers.never() } }), now: { time.now }, jitter: { 0 })
    }

    // MARK: Values

    @Test func aServerThatFailsIsAskedAfterLongerAndLongerPauses() {
        var pace = ProbePace()
        pace.ask(isFailing: false, at: .seconds(90))
        func pause(after now: inout Duration) -> Int {
            let start = now
            // Whatever requests find out meanwhile.
            while !pace.isDue(isFailing: true, lastHeard: now, at: now) { now += .seconds(1) }
            return Int((now - start).components.seconds)
        }
        var now = Duration.seconds(100)
        var pauses: [Int] = []
        for _ in 0..<8 {
            pauses.append(pause(after: &now))
            pace.ask(isFailing: true, at: now)
        }
        #expect(pauses == [0, 1, 2, 4, 8, 15, 15, 15])
        pace.served()
        #expect(pause(after: &now) == 1)
    }

    @Test func aServerThatIsSilentIsAskedNowAndThenAndOneThatWasLostSoon() {
        var pace = ProbePace()
        func isDue(_ lastHeard: Duration?, _ now: Double) -> Bool {
            pace.isDue(isFailing: false, lastHeard: lastHeard, at: .seconds(now))
        }
        #expect(!isDue(.seconds(10), 24.9))
        #expect(isDue(.seconds(10), 25))
        #expect(isDue(nil, 1))
        pace.ask(isFailing: false, at: .seconds(25))
        #expect(!isDue(.seconds(10), 39))
        #expect(isDue(.seconds(10), 40))
        #expect(!isDue(nil, 25.9))
        #expect(isDue(nil, 26))
    }

    @Test func aBreakerThatIsAskedForNeedsNoRequestAsATrial() {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { breaker.end(.failure, at: .zero) }
        #expect(!breaker.isClosed)
        // As long as it says no, no request tries it.
        for second in stride(from: 15, through: 120, by: 15) {
            #expect(!breaker.allows(at: .seconds(second)))
            breaker.missed(at: .seconds(second))
        }
        breaker.answered()
        #expect(breaker.isClosed)
        #expect(breaker.allows(at: .seconds(121)))
        // It has to prove itself.
        breaker.end(.failure, at: .seconds(122))
        #expect(!breaker.isClosed)
        breaker.answered()
        breaker.end(.success, at: .seconds(123))
        for second in 124..<128 { breaker.end(.failure, at: .seconds(second)) }
        #expect(breaker.isClosed)
    }

    @Test func aTrialIsNoProof() {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { breaker.end(.failure, at: .zero) }
        // Where no other endpoint works, requests go to it all the same.
        breaker.begin()
        #expect(!breaker.isClosed)
        breaker.answered()
        #expect(breaker.isClosed)
        breaker.end(.failure, at: .seconds(1))
        breaker.begin()
        breaker.missed(at: .seconds(2))
        #expect(!breaker.isClosed)
        #expect(!breaker.allows(at: .seconds(31)))
    }

    @Test func answersDoNotMakeUpForFailedRequests() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.end(.failure, at: .zero) }
        breaker.answered()
        breaker.end(.failure, at: .seconds(1))
        #expect(!breaker.isClosed)
    }

    // MARK: Asking

    @Test func eachEngineIsAskedWhereItSaysSo() async throws {
        let adapters: [(any EngineAdapter, String)] = try {
            let address = EngineAddress(url: try EngineURL("http://server"), model: "m", credential: Credential("key"))
            return [
                (VLLMAdapter(tier: .tokens, address: address), "/health"),
                (SGLangAdapter(tier: .tokens, address: address), "/health"),
                (LlamaServerAdapter(tier: .tokens, contextLength: 1, address: address), "/health"),
                (CompletionsAdapter(address: address), "/v1/models"),
                (ChatAdapter(prefill: .none, address: address), "/v1/models"),
            ]
        }()
        for (adapter, route) in adapters {
            #expect(adapter.health.url == "http://server\(route)")
            #expect(adapter.health.method == .get)
            #expect(adapter.health.headers["authorization"] == "Bearer key")
        }
    }

    @Test(arguments: [(200, true), (404, true), (429, true), (500, false), (503, false)])
    func whoRefusesTheQuestionIsThere(_ status: Int, _ isWell: Bool) async throws {
        let time = ManualTime()
        let transport = ScriptedTransport { _ in .json("{}", status: status) }
        let engine = try Self.engine(at: ["http://a"], transport: transport, time: time) {
            VLLMAdapter(tier: .tokens, address: $0)
        }
        time.pass(.seconds(15))
        for _ in 0..<5 {
            await engine.askWhoIsDue()
            time.pass(.seconds(1))
        }
        #expect(engine.servers.map(\.isWell) == [isWell])
        // One that is well is not asked again so soon.
        #expect(transport.asked("/health").count == (isWell ? 1 : 5))
        #expect(transport.openBodies == 0)
    }

    @Test func aServerThatCameBackAsAnotherModelStaysOut() async throws {
        let time = ManualTime()
        let model = Mutex("m")
        let transport = ScriptedTransport { request in
            guard request.url.hasSuffix("/v1/models") else {
                return .json(request.url.hasSuffix("/tokenize") ? "{\"tokens\":[1,2]}" : "{}")
            }
            return .json("{\"data\":[{\"id\":\"\(model.withLock { $0 })\"}]}")
        }
        let engine = try Self.engine(
            at: ["http://a"], transport: transport, time: time,
            adapter: { LlamaServerAdapter(tier: .tokens, contextLength: 100, address: $0) },
            identity: EngineIdentity(model: "m", sample: [1, 2]))
        model.withLock { $0 = "other" }
        time.pass(.seconds(15))
        for _ in 0..<5 {
            await engine.askWhoIsDue()
            time.pass(.seconds(1))
        }
        #expect(engine.servers.map(\.isWell) == [false])
        model.withLock { $0 = "m" }
        await engine.askWhoIsDue()
        #expect(engine.servers.map(\.isWell) == [true])
    }

    @Test func watchingEndsWithItsTask() async throws {
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: ScriptedTransport { _ in .json("{}") })
        let watching = Task { await engine.watch() }
        watching.cancel()
        await watching.value
    }

    #if Remote
        /// A server that dies while nobody asks it, and comes back: no request meets it while it is gone, and none has to
        /// try it.
        @Test func noRequestPaysForAServerThatDies() async throws {
            let served = Mutex([0, 0])
            let script: @Sendable (Int) -> @Sendable (LoopbackServer.Connection, Int) -> Void = { index in
                { connection, _ in
                    while let request = connection.readRequest() {
                        guard request.hasPrefix("POST") else {
                            connection.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".utf8)
                            continue
                        }
                        served.withLock { $0[index] += 1 }
                        connection.writeStreamHead()
                        connection.write(
                            "data: {\"content\":\"\",\"tokens\":[101],\"tokens_predicted\":1,\"stop\":false}\n\n".utf8)
                        return
                    }
                }
            }
            var first: LoopbackServer? = try LoopbackServer(script(0))
            let second = try LoopbackServer(script(1))
            let port = try #require(first?.port)
            let time = ManualTime()
            let engine = try Self.engine(
                at: ["http://127.0.0.1:\(port)", second.url], transport: NetworkTransport(), time: time
            ) { LlamaServerAdapter(tier: .tokens, contextLength: 100, address: $0) }
            func ask() async throws {
                let decoded = try await Servers.decode(try await engine.open("a"))
                #expect(decoded.ids == [101])
            }
            try await ask()
            #expect(served.withLock { $0 } == [1, 0])

            first = nil
            time.pass(.seconds(15))
            for _ in 0..<5 {
                await engine.askWhoIsDue()
                time.pass(.seconds(1))
            }
            #expect(engine.servers.map(\.isWell) == [false, true])
            for _ in 0..<3 { try await ask() }
            #expect(served.withLock { $0 } == [1, 3])
            #expect(engine.statistics.retries == 0)

            // Longer than the pause after which a request would try it, were it not asked.
            for _ in 0..<100 {
                time.pass(.seconds(1))
                await engine.askWhoIsDue()
            }
            try await ask()
            #expect(engine.statistics.retries == 0)

            first = try LoopbackServer(port: port, script(0))
            time.pass(.seconds(15))
            await engine.askWhoIsDue()
            #expect(engine.servers.map(\.isWell) == [true, true])
            try await ask()
            #expect(served.withLock { $0 } == [2, 4])
            #expect(engine.statistics.retries == 0)
            withExtendedLifetime((first, second)) {}
        }
    #endif
}
