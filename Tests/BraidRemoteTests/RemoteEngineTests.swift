import Braid
import Synchronization
import Testing

@testable import BraidRemote

/// The engine over a scripted transport: what it sends, and what becomes of every fault.
@Suite struct RemoteEngineTests {
    private static let done = "[DONE]"

    private static func vLLM(_ ids: [Int], text: String = "", stop: Int? = nil) -> String {
        let reason = stop.map { "\"stop\",\"stop_reason\":\($0)" } ?? "null"
        return "{\"choices\":[{\"index\":0,\"text\":\"\(text)\",\"token_ids\":\(ids),\"finish_reason\":\(reason)}]}"
    }

    private static let usage =
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":3,"
        + "\"prompt_tokens_details\":{\"cached_tokens\":2}}}"
    private static let good = [vLLM([1]), vLLM([2]), vLLM([101], stop: 101), usage, done]

    private func vLLMEngine(
        count: Int = 1, options: RemoteEngineOptions = Servers.options(), contextLength: Int = 1000, capacity: Int = 4,
        wait: @escaping @Sendable (Duration) async throws -> Void = { _ in try await Servers.never() },
        _ script: @escaping @Sendable (HTTPRequest) throws -> ScriptedTransport.Reply
    ) throws -> (RemoteEngine, ScriptedTransport) {
        let transport = ScriptedTransport(script)
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport, count: count, options: options,
            contextLength: contextLength, capacity: capacity, wait: wait)
        return (engine, transport)
    }

    // MARK: The four verbs

    @Test func forksAndJoinsSendTheExactPrefix() async throws {
        let (engine, transport) = try vLLMEngine { _ in .stream(Self.good) }
        let main = try await engine.open(TokenText([.control("<Go>"), .text("a bb")]))
        #expect(await main.tokenCount == 3)
        let decoded = try await Servers.decode(main)
        #expect(decoded == .init(ids: [1, 2, 101], text: "w1 w2 </Go>", stop: .control("</Go>")))
        let threads = try await main.fork(2)
        try await threads[1].extend("ccc")
        _ = try await Servers.decode(threads[1])
        try await main.join(threads, as: .reprefill(TokenText([.tokens([1, 2]), .control("<End>")])))
        _ = try await Servers.decode(main)
        let prompts = transport.asked("/completions").map { body in
            body.body.firstMatch(of: /"prompt":\[([0-9,]*)\]/).map { String($0.1) } ?? ""
        }
        #expect(prompts == ["100,1,2", "100,1,2,1,2,101,3", "100,1,2,1,2,101,1,2,102"])
        await #expect(throws: EngineError.self) { try await threads[0].extend("x") }
        #expect(engine.statistics.promptTokens == 9)
        #expect(engine.statistics.cachedTokens == 6)
        #expect(engine.concurrencyLimits == [4])
    }

    @Test func plainTextNeverBecomesAControlToken() async throws {
        // This engine reads tags wherever they stand, as vLLM does.
        let transport = ScriptedTransport { request in
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            return .json("{\"tokens\":[\(body.contains("\"<Go>") ? 100 : body.contains("<|") ? 7 : 1)]}")
        }
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport, options: Servers.options(vocabulary: nil)
        )
        let context = try await engine.open(TokenText([.text("<Go>x <|im_end|> <Go>")])) as? RemoteContext
        let transcript = try #require(try context?.transcript())
        #expect(!transcript.tokens.contains(100))
        #expect(!transcript.tokens.contains(7))
        #expect(transcript.text == "<Go>x <|im_end|> <Go>")
    }

    @Test func textEnginesGetBrokenTagsAndFindTheirOwn() async throws {
        let transport = ScriptedTransport { _ in
            .stream(
                ["so ", "<G", "o> on</", "Go>", " and more"].map {
                    "{\"choices\":[{\"index\":0,\"text\":\"\($0)\",\"finish_reason\":null}]}"
                }, end: .hangs)
        }
        let engine = try Servers.engine({ CompletionsAdapter(address: $0) }, transport: transport)
        let context = try await engine.open(TokenText([.control("<Go>"), .text("say <Go>")]))
        var tokens: [DecodedToken] = []
        for try await event in context.decode(DecodingOptions(stops: ["</Go>"], maximumTokens: 50)) {
            if case .token(let token) = event { tokens.append(token) }
        }
        #expect(tokens.map { $0.control ?? $0.text } == ["so ", "<Go>", " on", "</Go>"])
        #expect(tokens.compactMap(\.control) == ["<Go>", "</Go>"])
        #expect(transport.asked()[0].body.contains("\"prompt\":\"<Go>say <\u{200B}Go>\""))
        #expect(engine.statistics.brokenTags == 1)
        #expect(transport.openBodies == 0)
    }

    @Test func theLimitOfTheContextIsKeptHere() async throws {
        let (engine, transport) = try vLLMEngine(contextLength: 5) { _ in
            .stream([Self.vLLM([1, 1, 1, 1, 1]), Self.vLLM([1])], end: .hangs)
        }
        await #expect(throws: EngineError.contextTooLong(tokens: 6, limit: 5)) {
            try await engine.open("a b c d e f")
        }
        let context = try await engine.open("a b c")
        let decoded = try await Servers.decode(context)
        #expect(decoded.ids.count == 2)
        #expect(decoded.stop == .contextFull)
        #expect(transport.asked()[0].body.contains("\"max_tokens\":2"))
        #expect(try await Servers.decode(context).stop == .contextFull)
        #expect(transport.asked().count == 1)
    }

    @Test func aStopThatIsMissingOrFollowedIsNormalised() async throws {
        let (engine, _) = try vLLMEngine { _ in
            .stream([Self.vLLM([1]), Self.vLLM([], stop: 101), Self.done])
        }
        let kept = try await Servers.decode(try await engine.open("a"))
        #expect(kept.ids == [1, 101])
        let (late, transport) = try vLLMEngine { _ in
            .stream([Self.vLLM([1, 101, 9, 9]), Self.vLLM([9])], end: .hangs)
        }
        let cut = try await Servers.decode(try await late.open("a"))
        #expect(cut == .init(ids: [1, 101], text: "w1 </Go>", stop: .control("</Go>")))
        #expect(transport.openBodies == 0)
        let (ended, _) = try vLLMEngine { _ in .stream([Self.vLLM([1]), Self.vLLM([2], stop: 2), Self.done]) }
        #expect(try await Servers.decode(try await ended.open("a")).stop == .control(RemoteEngine.endOfText))
    }

    @Test func engineTextIsSplitAtItsControlTokens() {
        var assembler = TokenAssembler(tags: Servers.tags, decoder: nil)
        let tokens = assembler.tokens([5, 100, 6, 101], text: "a<Go>b</Go>")
        #expect(tokens.map(\.text) == ["a", "", "b", ""])
        #expect(tokens.map(\.control) == [nil, "<Go>", nil, "</Go>"])
        // Text that is held back comes with a later token; ids never wait.
        #expect(assembler.tokens([7], text: "").map(\.text) == [""])
        #expect(assembler.tokens([8], text: "xy").map(\.text) == ["xy"])
    }

    @Test func hiddenIdsAreFoundAgain() async throws {
        let transport = ScriptedTransport { _ in
            .stream([
                "{\"content\":\"aaaa bb\",\"tokens\":[2],\"tokens_predicted\":2,\"stop\":false}",
                "{\"content\":\"\",\"tokens\":[101],\"tokens_predicted\":3,\"stop\":false}",
            ])
        }
        let engine = try Servers.engine(
            { LlamaServerAdapter(tier: .tokens, contextLength: 99, address: $0) }, transport: transport)
        #expect(try await Servers.decode(try await engine.open("a")).ids == [4, 2, 101])
        #expect(engine.statistics.retokenizedTokens == 2)
    }

    @Test func aJoinIsReadAheadWhereTheEngineIsIdle() async throws {
        let (engine, transport) = try vLLMEngine(capacity: 1) { _ in .stream(Self.good) }
        let main = try await engine.open("a")
        try await main.warmUpJoin("bb")
        #expect(transport.asked()[0].body.contains("\"max_tokens\":1"))
        #expect(transport.asked()[0].body.contains("\"prompt\":[1,2]"))
        #expect(await main.tokenCount == 1)
        let lease = try await engine.pool.lease(preferring: nil)
        try await main.warmUpJoin("bb ccc")
        lease.end(.neutral)
        #expect(transport.asked().count == 1)
        #expect(engine.statistics.warmUps == 1)
    }

    // MARK: Faults

    @Test(arguments: [
        ScriptedTransport.Reply.json("{\"error\":{\"message\":\"overloaded\"}}", status: 503),
        .json("{\"error\":{\"message\":\"slow down\"}}", status: 429, headers: ["retry-after": "0"]),
        .json("", status: 502), .stream([], end: .fails(.lost("reset"))), .stream([]), .stream([done]),
        .stream(["{\"error\":{\"message\":\"died\"}}", done]),
    ])
    func whatFailsBeforeTheFirstTokenIsTriedAgain(_ fault: ScriptedTransport.Reply) async throws {
        let count = Mutex(0)
        let pauses = Mutex<[Duration]>([])
        let (engine, transport) = try vLLMEngine(
            wait: { duration in
                if duration >= .seconds(60) { return try await Servers.never() }
                pauses.withLock { $0.append(duration) }
            }
        ) { _ in
            count.withLock { count in
                count += 1
                return count == 1 ? fault : .stream(Self.good)
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
        let (engine, transport) = try vLLMEngine(options: options) { _ in
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
        let (engine, transport) = try vLLMEngine { _ in
            .json("{\"error\":{\"message\":\"pay\",\"code\":\"insufficient_quota\"}}", status: 429)
        }
        let context = try await engine.open("a")
        await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        #expect(transport.asked().count == 1)
    }

    @Test func whatFailsLaterGoesOnFromItsTokens() async throws {
        // After any number of tokens the next request begins where the last one broke; the whole is as without a fault.
        for length in 0...2 {
            let (engine, transport) = try vLLMEngine(
                wait: { if $0 >= .seconds(60) { try await Servers.never() } }
            ) { request in
                let body = String(decoding: request.body ?? [], as: UTF8.self)
                let ids = body.firstMatch(of: /"prompt":\[([0-9,]*)\]/).map { $0.1.split(separator: ",").count } ?? 0
                if ids == 1 { return .stream(Array(Self.good.prefix(length)), end: .fails(.cut("reset"))) }
                return .stream(Array(Self.good.dropFirst(ids - 1)))
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

    @Test func anotherServerTakesOver() async throws {
        let (engine, transport) = try vLLMEngine(
            count: 2, wait: { if $0 >= .seconds(60) { try await Servers.never() } }
        ) { request in
            if request.url.hasPrefix("http://server0") { throw TransportError.unreachable("refused") }
            return .stream(Self.good)
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
            options: Servers.options(vocabulary: nil), wait: { if $0 >= .seconds(60) { try await Servers.never() } })
        #expect(await (try await engine.open("a")).tokenCount == 2)
        #expect(transport.asked().map { String($0.url.prefix(14)) } == ["http://server0", "http://server1"])
    }

    @Test func aDeadServerCostsTheOthersNothingForLong() async throws {
        let transport = ScriptedTransport { request in
            if request.url.hasPrefix("http://server0") { throw TransportError.unreachable("refused") }
            return request.url.hasSuffix("/tokenize") ? .json("{\"tokens\":[7]}") : .stream(Self.good)
        }
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport, count: 2,
            options: Servers.options(vocabulary: nil), wait: { if $0 >= .seconds(60) { try await Servers.never() } })
        for _ in 0..<100 {
            #expect(try await Servers.decode(try await engine.open("a")).ids == [1, 2, 101])
        }
        // Five failures, and nobody asks it any more.
        #expect(transport.asked().count { $0.url.hasPrefix("http://server0") } == 5)
    }

    @Test func aTokenizerThatFailsSaysSoWithoutTheKey() async throws {
        let transport = ScriptedTransport { _ in .json("{\"error\":{\"message\":\"no sk-planted\"}}", status: 400) }
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport,
            options: Servers.options(vocabulary: nil, credential: Credential("sk-planted")))
        let error = await #expect(throws: EngineError.self) { try await engine.open("a") }
        #expect(error?.description.contains("cannot tokenise: it answered 400: no [key]") == true)
        #expect(transport.asked().count == 1)
    }

    @Test(arguments: [("m", "1,2", true), ("other", "1,2", false), ("m", "1,2,3", false)])
    func whatTakesAServersPlaceIsAskedWhatItIs(model: String, sample: String, isTheSame: Bool) async throws {
        let transport = ScriptedTransport { request in
            if request.url.hasSuffix("/v1/models") { return .json("{\"data\":[{\"id\":\"\(model)\"}]}") }
            if request.url.hasSuffix("/tokenize") { return .json("{\"tokens\":[\(sample)]}") }
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            if body.contains("\"prompt\":[1]") { return .stream([Self.vLLM([1])], end: .fails(.cut("killed"))) }
            return .stream(Array(Self.good.dropFirst()))
        }
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport,
            identity: EngineIdentity(model: "m", sample: [1, 2]),
            wait: { if $0 >= .seconds(60) { try await Servers.never() } })
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

    @Test func lostConnectionsAreRetriesLikeOthers() async throws {
        let (engine, transport) = try vLLMEngine(wait: { if $0 >= .seconds(60) { try await Servers.never() } }) { _ in
            throw TransportError.lost("reset")
        }
        for _ in 0..<50 {
            let context = try await engine.open("a")
            await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        }
        #expect(transport.asked().count <= 50 + 10 + 10)
        #expect(engine.statistics.requests == transport.asked().count)
    }

    @Test func aJoinDoesNotWaitForEverToBeReadAhead() async throws {
        let (engine, transport) = try vLLMEngine(wait: { _ in }) { _ in .stream([], end: .hangs) }
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
        let (engine, _) = try vLLMEngine { _ in reply }
        let context = try await engine.open("a")
        let error = await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        #expect(error?.description.contains("makes no sense") == true)
    }

    @Test func silenceIsAnError() async throws {
        // Time stands still but for the waits of the engine, each of which ends at once.
        let (engine, transport) = try vLLMEngine(wait: { _ in }) { _ in .stream([], end: .hangs) }
        let context = try await engine.open("a")
        let error = await #expect(throws: EngineError.self) { try await Servers.decode(context) }
        #expect(error?.description.contains("nothing came") == true)
        #expect(transport.openBodies == 0)
    }

    // MARK: Cancellation

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
        let (engine, transport) = try vLLMEngine { _ in .stream([Self.vLLM([1]), Self.vLLM([1])], end: .hangs) }
        let main = try await engine.open("a")
        for _ in 0..<1000 {
            let thread = try await main.fork(1)[0]
            for try await _ in thread.decode(DecodingOptions(stops: [], maximumTokens: 9)) { break }
            await thread.close()
        }
        #expect(transport.openBodies == 0)
        #expect(engine.pool.limits[0].inFlight == 0)
    }

    // MARK: Chat

    @Test func chatServicesGetMessages() async throws {
        let transport = ScriptedTransport { _ in
            .stream(["{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"so<Go>\"},\"finish_reason\":\"stop\"}]}"])
        }
        let engine = try Servers.engine({ ChatAdapter(prefill: .none, address: $0) }, transport: transport)
        let chat = [Prompt.Message(.system, "be <Go> brief"), Prompt.Message(.user, "why?")]
        let context = try await engine.open(try engine.text(of: chat))
        #expect(try await Servers.decode(context).text == "so<Go>")
        try await context.extend(TokenText([.control("<End>"), .text("and then?")]))
        _ = try await Servers.decode(context)
        #expect(
            transport.asked()[1].body.contains(
                #""messages":[{"content":"be <\#u{200B}Go> brief","role":"system"},{"content":"why?","role":"user"},"#
                    + #"{"content":"so<Go>","role":"assistant"},{"content":"and then?","role":"user"}]"#
            ))
        await #expect(throws: EngineError.self) { try await Servers.decode(context) }
    }

    @Test func chatAnswersAreContinuedWhereThatWorks() async throws {
        let transport = ScriptedTransport { _ in
            .stream([
                "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}", Self.done,
            ])
        }
        let engine = try Servers.engine({ ChatAdapter(prefill: .implied, address: $0) }, transport: transport)
        let context = try await engine.open(TokenText([.control("<Go>"), .text("q")]))
        _ = try await Servers.decode(context)
        try await context.extend(TokenText([.control("<Go>"), .text("c")]))
        _ = try await Servers.decode(context)
        #expect(
            transport.asked()[1].body.contains(
                #"[{"content":"q","role":"user"},{"content":"b<Go>c","role":"assistant"}]"#))
    }

    /// Services that give text only end without a tag; every word before the end counts.
    @Test func theLastWordOfAChatAnswerCounts() async throws {
        let transport = ScriptedTransport { _ in
            .stream([
                #"{"choices":[{"index":0,"delta":{"content":"it is"},"finish_reason":null}]}"#,
                #"{"choices":[{"index":0,"delta":{"content":" 42"},"finish_reason":null}]}"#,
                #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, Self.done,
            ])
        }
        let engine = try Servers.engine({ ChatAdapter(prefill: .none, address: $0) }, transport: transport)
        let outcome = try await ReasoningRun.answer(
            Question("what is it?"), by: try Sequential(asking: .direct), on: engine)
        #expect(outcome.answer.text == "it is 42")
    }

    // MARK: Whole runs

    /// A model that forks once, over the scripted wire, gives the run that the embedded engine's scripts give.
    @Test func aRunForksOverTheWire() async throws {
        let dialect = Dialect.braid
        let names = dialect.allTags.sorted()
        let tags = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, TokenID(1000 + $0)) })
        let vocabulary = RemoteVocabulary(
            tags: tags, encode: { $0.unicodeScalars.map { TokenID($0.value) } },
            makeDecoder: { { id in UnicodeScalar(UInt32(id)).map { String(Character($0)) } ?? "" } })
        let replies: [(end: String, text: String)] = [
            ("</Question>", "<Parallel><Outlines><Outline>1: add</Outline><Outline>2: double</Outline></Outlines>"),
            ("<Thread>1: add\n", " 1+1<Return> 2</Return></Thread>"),
            ("<Thread>2: double\n", " 2*1<Return> 2</Return></Thread>"),
            ("</Return></Parallel>", "<Answer>2</Answer>"),
        ]
        let transport = ScriptedTransport { request in
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            let match = body.firstMatch(of: /"prompt":\[([0-9,]*)\]/)
            let ids = match?.1.split(separator: ",").compactMap { Int($0) } ?? []
            let text = ids.map { $0 >= 1000 ? names[$0 - 1000] : String(UnicodeScalar(UInt8($0))) }.joined()
            guard let reply = replies.first(where: { text.hasSuffix($0.end) }) else { return .json("{}", status: 400) }
            var events: [String] = []
            var rest = reply.text[...]
            while let next = rest.first {
                if let tag = names.first(where: { rest.hasPrefix($0) }), let id = tags[tag] {
                    events.append(Self.vLLM([Int(id)]))
                    rest = rest.dropFirst(tag.count)
                } else {
                    events.append(Self.vLLM([Int(next.asciiValue ?? 0)]))
                    rest = rest.dropFirst()
                }
            }
            return .stream(events + [Self.vLLM([], stop: 0), Self.done])
        }
        let address = EngineAddress(url: try EngineURL(Servers.url), model: "m", credential: nil)
        let engine = RemoteEngine(
            [
                RemoteEndpoint(
                    url: address.url, adapter: VLLMAdapter(tier: .tokens, address: address), model: "m",
                    contextLength: 1000, capacity: 8, tags: tags)
            ], options: RemoteEngineOptions(tags: dialect.allTags, vocabulary: vocabulary), transport: transport,
            time: TimeLimit(wait: { _ in try await Servers.never() }))
        let outcome = try await ReasoningRun.answer("What is 1 + 1?", by: Adaptive(), on: engine)
        #expect(outcome.answer == Answer(text: "2"))
        #expect(outcome.metrics.threads == 2)
        #expect(outcome.metrics.isStructureValid)
        #expect(transport.openBodies == 0)
        #expect(engine.pool.limits[0].inFlight == 0)
    }
}
