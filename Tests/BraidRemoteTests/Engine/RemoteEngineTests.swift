import Braid
import Testing

@testable import BraidRemote

/// The engine over a scripted transport: what it sends for each verb, and what becomes of the answers.
@Suite struct RemoteEngineTests {
    @Test func forksAndJoinsSendTheExactPrefix() async throws {
        let (engine, transport) = try VLLM.engine { _ in .stream(VLLM.good) }
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
        let (engine, transport) = try VLLM.engine(contextLength: 5) { _ in
            .stream([VLLM.event([1, 1, 1, 1, 1]), VLLM.event([1])], end: .hangs)
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
        let (engine, _) = try VLLM.engine { _ in
            .stream([VLLM.event([1]), VLLM.event([], stop: 101), VLLM.done])
        }
        let kept = try await Servers.decode(try await engine.open("a"))
        #expect(kept.ids == [1, 101])
        let (late, transport) = try VLLM.engine { _ in
            .stream([VLLM.event([1, 101, 9, 9]), VLLM.event([9])], end: .hangs)
        }
        let cut = try await Servers.decode(try await late.open("a"))
        #expect(cut == .init(ids: [1, 101], text: "w1 </Go>", stop: .control("</Go>")))
        #expect(transport.openBodies == 0)
        let (ended, _) = try VLLM.engine { _ in .stream([VLLM.event([1]), VLLM.event([2], stop: 2), VLLM.done]) }
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
        let (engine, transport) = try VLLM.engine(capacity: 1) { _ in .stream(VLLM.good) }
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
                    events.append(VLLM.event([Int(id)]))
                    rest = rest.dropFirst(tag.count)
                } else {
                    events.append(VLLM.event([Int(next.asciiValue ?? 0)]))
                    rest = rest.dropFirst()
                }
            }
            return .stream(events + [VLLM.event([], stop: 0), VLLM.done])
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
