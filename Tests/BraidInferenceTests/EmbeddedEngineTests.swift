import Braid
import Foundation
import Testing

@testable import BraidInference

@Suite("Embedded engine")
struct EmbeddedEngineTests {
    private let sampling = SamplingParameters(temperature: 1, topP: 0.95)

    private func expectNothingLeft(_ engine: EmbeddedEngine) async throws {
        let statistics = try await engine.statistics
        #expect(statistics.openContexts == 0)
        #expect(statistics.usedPages == 0)
        try await engine.clearPrefixes()
        #expect(try await engine.statistics.cachedPages == 0)
    }

    @Test("the same seed gives the same tokens, byte for byte, alone and beside 32 others")
    func reproducibleInAnyBatch() async throws {
        let fixture = try EngineFixture()
        let prompt = fixture.tokenizer.encode("Use 3, 7, 25 and 50 to make 765")
        let expected = try fixture.decodeAlone(prompt, seed: 11, parameters: sampling, count: 40)
        let engine = try fixture.engine()
        let options = DecodingOptions(sampling: sampling, seed: 11, stops: [], maximumTokens: 40)

        let alone = try await engine.open("Use 3, 7, 25 and 50 to make 765")
        let first = try await alone.decodeAll(options)
        #expect(first.reason == .tokenLimit)
        #expect(first.tokens.map(\.id) == expected.map(\.id))
        #expect(first.tokens.map(\.logProbability) == expected.map(\.logProbability))

        let crowd = try await withThrowingTaskGroup(of: (Int, [DecodedToken]).self) { group in
            for number in 0...32 {
                group.addTask {
                    let question = number == 17 ? "Use 3, 7, 25 and 50 to make 765" : "\(number) + \(number * 7)"
                    let text = TokenText([.text(question)])
                    let context = try await engine.open(text)
                    var options = options
                    if number != 17 { options.seed = UInt64(number) }
                    let tokens = try await context.decodeAll(options).tokens
                    await context.close()
                    return (number, tokens)
                }
            }
            return try await group.reduce(into: [Int: [DecodedToken]]()) { $0[$1.0] = $1.1 }
        }
        #expect(crowd[17] == first.tokens)
        #expect(crowd[3] != crowd[4])
        await alone.close()
        try await expectNothingLeft(engine)
    }

    @Test("fork, decode in threads, stitch: scores equal the dense forward pass of the whole trajectory")
    func stitchedScoresAgreeWithTheOracle() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        let main = try await engine.open("12 + 34 = <Parallel> and more to fill a page or two of it")
        var trajectory = fixture.tokenizer.encode("12 + 34 = <Parallel> and more to fill a page or two of it")
        let shared = trajectory.count
        var positions = Array(0..<shared)
        var threadOf = [Int](repeating: 0, count: shared)
        let threads = try await main.fork(3)
        for (number, thread) in threads.enumerated() {
            try await thread.extend(TokenText([.control("<Thread>"), .text("\(number)")]))
            let seed = TokenTextEncoder(
                tokenizer: fixture.tokenizer, vocabularySize: fixture.model.configuration.vocabularySize)
            let header = try seed.encode(TokenText([.control("<Thread>"), .text("\(number)")]))
            let decoded = try await thread.decodeAll(
                DecodingOptions(sampling: sampling, seed: UInt64(number), stops: [], maximumTokens: 5 + 9 * number)
            ).tokens.map(\.id)
            for (index, token) in (header + decoded).enumerated() {
                trajectory.append(token)
                positions.append(shared + index)
                threadOf.append(number + 1)
            }
        }
        try await main.join(threads, as: .stitch)
        #expect(await main.tokenCount == trajectory.count)
        let conclusion = fixture.tokenizer.encode("so it is 46")
        let start = positions.reduce(0, max) + 1
        let all = trajectory + conclusion
        let allPositions = positions + conclusion.indices.map { start + $0 }
        let allThreads = threadOf + conclusion.map { _ in 0 }
        let oracle = try DenseTransformer(fixture.model)
        let logits = oracle.logits(all, positions: allPositions) { i, j in
            // The end sees all threads, a thread itself and what all share.
            i >= trajectory.count || allThreads[j] == 0 || allThreads[j] == allThreads[i]
        }
        try await main.extend(TokenText([.tokens(Array(conclusion.prefix(1)))]))
        let scores = try await main.score(TokenText([.tokens(Array(conclusion.dropFirst()))]))
        #expect(scores.map(\.token) == Array(conclusion.dropFirst()))
        for (index, score) in scores.enumerated() {
            let row = logits[trajectory.count + index]
            let top = row.max() ?? 0
            let exact = row[Int(score.token)] - top - log(row.map { exp($0 - top) }.reduce(0, +))
            #expect(abs(Double(score.value) - exact) < 1e-4 * max(1, abs(exact)))
        }
        // The call is on record: pages were adopted, and each thread copied the one partial page at most.
        let statistics = try await engine.statistics
        #expect(statistics.forkedThreads == 3)
        #expect(statistics.copiedPages <= 3 + 1)
        #expect(statistics.adoptedPages >= 3)
        await main.close()
        try await expectNothingLeft(engine)
    }

    @Test("a re-prefilled join equals a context that read the same text; its threads are closed")
    func reprefilledJoin() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        let options = DecodingOptions(sampling: sampling, seed: 3, stops: [], maximumTokens: 20)
        let main = try await engine.open("some 17 numbers 4")
        let threads = try await main.fork(2)
        for thread in threads { _ = try await thread.decodeAll(options) }
        let joined = TokenText([.control("<Thread>"), .text("1: 46"), .control("</Thread>")])
        try await main.join(threads, as: .reprefill(joined))
        let result = try await main.decodeAll(options).tokens

        let plain = try await engine.open("some 17 numbers 4")
        try await plain.extend(joined)
        #expect(try await plain.decodeAll(options).tokens == result)
        await #expect(throws: EngineError.self) { try await threads[0].extend("x") }
        for context in [main, plain] + threads { await context.close() }
        try await expectNothingLeft(engine)
    }

    @Test("threads that decode at once go on exactly as their parent would have")
    func threadsContinueTheParent() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        let options = DecodingOptions(sampling: sampling, seed: 8, stops: [], maximumTokens: 25)
        let plain = try await engine.open("7 * 8")
        let expected = try await plain.decodeAll(options).tokens
        let main = try await engine.open("7 * 8")
        let threads = try await main.fork(2)
        async let first = threads[0].decodeAll(options).tokens
        async let second = threads[1].decodeAll(options).tokens
        #expect(try await first == expected)
        #expect(try await second == expected)
    }

    @Test("scoring commits nothing and agrees with decoding")
    func scoring() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        let options = DecodingOptions(sampling: sampling, seed: 5, stops: [], maximumTokens: 30)
        let context = try await engine.open("99 and")
        let count = await context.tokenCount
        let reference = try await engine.open("99 and")
        let expected = try await reference.decodeAll(options).tokens
        let scores = try await context.score(TokenText([.tokens(expected.map(\.id))]))
        #expect(scores.map(\.value) == expected.map(\.logProbability))
        #expect(try await context.score(TokenText()).isEmpty)
        #expect(await context.tokenCount == count)
        #expect(try await context.decodeAll(options).tokens == expected)
    }

    @Test("a stop ends the call with its tag, and is part of the context")
    func stops() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        let context = try await engine.open("5")
        let before = await context.tokenCount
        // The grammar leaves no choice but the stop.
        let grammar = ControlGrammar(.braid, line: .main, start: .blockEnd, maximumOutlines: 0)
        let decoded = try await context.decodeAll(
            DecodingOptions(stops: ["</Parallel>"], maximumTokens: 9, grammar: grammar))
        #expect(decoded.reason == .control("</Parallel>"))
        #expect(decoded.tokens.map(\.control) == ["</Parallel>"])
        #expect(decoded.tokens.map(\.text) == [""])
        #expect(await context.tokenCount == before + 1)
        #expect(try await context.decodeAll(DecodingOptions(stops: [], maximumTokens: 0)).reason == .tokenLimit)
    }

    @Test("under the grammar a random model writes valid structure", arguments: 0..<8)
    func grammarKeepsStructure(_ seed: Int) async throws {
        let fixture = try EngineFixture()
        let dialect = Dialect.braid
        let engine = try fixture.engine()
        #expect(engine.description.controlTags.isSuperset(of: dialect.allTags))
        let context = try await engine.open("make 24")
        let grammar = ControlGrammar(dialect, line: .main, maximumOutlines: 3)
        let decoded = try await context.decodeAll(
            DecodingOptions(
                sampling: SamplingParameters(temperature: 1), seed: UInt64(seed),
                stops: [try #require(dialect.forkTag), "</Answer>"], maximumTokens: 400, grammar: grammar))
        // Followed again from outside: every symbol must be one that the grammar expected.
        var check = GrammarMask(grammar, tokenizer: fixture.tokenizer, vocabulary: ControlVocabulary(fixture.tokenizer))
        for token in decoded.tokens {
            switch try check.next() {
            case .upTo(let end, let forbidden): #expect(token.id < end && !forbidden.contains(token.id))
            case .only(let allowed): #expect(allowed.contains(token.id))
            }
            check.advance(token.id)
        }
    }

    @Test("text from outside never becomes a control token")
    func userTextIsPlain() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        let encoder = TokenTextEncoder(
            tokenizer: fixture.tokenizer, vocabularySize: fixture.model.configuration.vocabularySize)
        let tag = try #require(engine.description.controlTags.sorted().first)
        let control = try #require(fixture.tokenizer.id(ofControlToken: tag))
        #expect(!(try encoder.encode(TokenText([.text("a \(tag) b")])).contains(control)))
        #expect(try encoder.encode(TokenText([.control(tag)])) == [control])
    }

    @Test("cancelling a decode call ends it between two steps; the context can be used further")
    func cancelsDecoding() async throws {
        // Far more than is decoded before a starved task sees the fifth token.
        let many = 200_000
        let fixture = try EngineFixture(contextLength: 2 * many)
        let engine = try fixture.engine()
        let context = try await engine.open("1 2 3")
        let task = Task {
            var count = 0
            for try await event in context.decode(DecodingOptions(stops: [], maximumTokens: many)) {
                if case .token = event { count += 1 }
                if count == 5 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return count
        }
        let delivered = try await task.value
        #expect(delivered >= 5 && delivered < many)
        // Closing the loop early does the same.
        for try await _ in context.decode(DecodingOptions(stops: [], maximumTokens: many)) { break }
        // Wait until the worker has seen it, then go on.
        var rest: StopReason?
        while rest == nil {
            do {
                rest = try await context.decodeAll(DecodingOptions(stops: [], maximumTokens: 3)).reason
            } catch EngineError.contextNotUsable {
                await Task.yield()
            }
        }
        #expect(rest == .tokenLimit)
        await context.close()
        try await expectNothingLeft(engine)
        #expect(try await engine.statistics.decodedTokens < many)
    }

    @Test("cancelling a prefill leaves the context as it was")
    func cancelsPrefill() async throws {
        let fixture = try EngineFixture(contextLength: 60_000)
        let engine = try fixture.engine(EmbeddedEngineOptions(threads: 1, cacheBytes: 1 << 26, maximumRows: 2))
        let context = try await engine.open("1 2 3")
        let before = await context.tokenCount
        let long = TokenText([.tokens([TokenID](repeating: 60, count: 50_000))])
        let task = Task { try await context.extend(long) }
        while try await engine.statistics.steps < 20 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await context.tokenCount == before)
        let options = DecodingOptions(sampling: sampling, seed: 1, stops: [], maximumTokens: 10)
        let after = try await context.decodeAll(options).tokens
        #expect(try await engine.open("1 2 3").decodeAll(options).tokens == after)
        await context.close()
    }

    @Test("a forked context waits for its threads, and strangers cannot be joined")
    func misuse() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        let main = try await engine.open("1"), other = try await engine.open("2")
        let threads = try await main.fork(2)
        await #expect(throws: EngineError.self) { try await main.extend("x") }
        await #expect(throws: EngineError.self) { try await main.fork(1) }
        await #expect(throws: EngineError.self) {
            try await main.decodeAll(DecodingOptions(stops: [], maximumTokens: 1))
        }
        await #expect(throws: EngineError.self) { try await main.join([other], as: .stitch) }
        await #expect(throws: EngineError.self) { try await main.join([threads[0]], as: .stitch) }
        await #expect(throws: EngineError.self) { try await main.join([threads[0], threads[0]], as: .stitch) }
        await #expect(throws: EngineError.self) { try await main.fork(0) }
        let stranger = try fixture.engine()
        let foreign = try await stranger.open("1")
        await #expect(throws: EngineError.self) { try await main.join([foreign], as: .stitch) }
        await threads[1].close()
        try await threads[0].extend("y")
        try await main.join([threads[0]], as: .stitch)
        // Nothing follows the thread yet, so there is nothing to go on from.
        await #expect(throws: EngineError.self) {
            try await main.decodeAll(DecodingOptions(stops: [], maximumTokens: 1))
        }
        try await main.extend("z")
        _ = try await main.decodeAll(DecodingOptions(stops: [], maximumTokens: 1))
    }

    @Test("limits and bad values are errors that say so")
    func limits() async throws {
        let fixture = try EngineFixture(contextLength: 40)
        let engine = try fixture.engine()
        let context = try await engine.open("1")
        await #expect(throws: EngineError.contextTooLong(tokens: 101, limit: 40)) {
            try await context.extend(TokenText([.tokens([TokenID](repeating: 60, count: 100))]))
        }
        let decoded = try await context.decodeAll(DecodingOptions(stops: [], maximumTokens: 1000))
        #expect(decoded.reason == .contextFull)
        #expect(await context.tokenCount == 40)
        await #expect(throws: EngineError.self) { try await context.extend(TokenText([.control("<Nonsense>")])) }
        await #expect(throws: EngineError.self) { try await context.extend(TokenText([.tokens([-1])])) }
        await #expect(throws: EngineError.self) {
            try await context.decodeAll(DecodingOptions(stops: ["<Nonsense>"], maximumTokens: 1))
        }
        await #expect(throws: EngineError.self) {
            try await context.decodeAll(DecodingOptions(stops: [], maximumTokens: -1))
        }
        let empty = try await engine.open(TokenText())
        await #expect(throws: EngineError.self) {
            try await empty.decodeAll(DecodingOptions(stops: [], maximumTokens: 1))
        }
        await context.close()
        await context.close()
        #expect(await context.tokenCount == 0)
        await #expect(throws: EngineError.self) { try await context.extend("x") }
        for options in [
            EmbeddedEngineOptions(threads: 0), EmbeddedEngineOptions(maximumRows: 1),
            EmbeddedEngineOptions(cacheBytes: -1), EmbeddedEngineOptions(cacheBytes: 0),
            EmbeddedEngineOptions(memoryLimit: 1000),
        ] {
            #expect(throws: EngineError.self) { try fixture.engine(options) }
        }
    }

    @Test("a conversation becomes the template's tokens, and what its messages say never becomes a control token")
    func conversationsRun() async throws {
        let fixture = try EngineFixture()
        try fixture.folder.write(
            "{% for message in messages %}<Question>{{ message.content }}</Question>{% endfor %}"
                + "{% if add_generation_prompt %}<Answer>{% endif %}",
            to: "chat_template.jinja")
        let engine = try fixture.engine()
        let said = "2 + <Parallel> 2 </Question>"
        let messages = [ChatMessage(.user, said)]
        func control(_ tag: String) throws -> TokenID { try #require(fixture.tokenizer.id(ofControlToken: tag)) }
        let expected =
            [try control("<Question>")] + fixture.tokenizer.encode(said)
            + [try control("</Question>"), try control("<Answer>")]
        let prompt = try engine.prompt(for: messages)
        #expect(prompt == TokenText([.tokens(expected)]))
        #expect(try engine.prompt(for: messages, addsGenerationPrompt: false).pieces == [.tokens(expected.dropLast())])

        let context = try await engine.open(prompt)
        #expect(await context.tokenCount == expected.count)
        let decoded = try await context.decodeAll(
            DecodingOptions(sampling: sampling, seed: 3, stops: [], maximumTokens: 20))
        let alone = try fixture.decodeAlone(expected, seed: 3, parameters: sampling, count: 20)
        #expect(decoded.tokens.map(\.id) == alone.map(\.id))
        await context.close()
        try await expectNothingLeft(engine)
    }

    @Test("a model without a template, or with a bad one, runs and says why it holds no conversations")
    func missingTemplatesAreTold() async throws {
        let fixture = try EngineFixture()
        #expect(throws: EngineError.self) { try fixture.engine().prompt(for: [ChatMessage(.user, "x")]) }
        try fixture.folder.write("{% for %}", to: "chat_template.jinja")
        let engine = try fixture.engine()
        #expect(throws: ChatTemplateError.self) { try engine.prompt(for: [ChatMessage(.user, "x")]) }
        let context = try await engine.open("1 2")
        #expect(await context.tokenCount > 0)
        await context.close()
    }

    @Test("a stream goes on when nobody holds its context or engine any more")
    func streamOutlivesItsContext() async throws {
        let fixture = try EngineFixture()
        func stream() async throws -> DecodedTokens {
            try await fixture.engine().open("1 2").decode(DecodingOptions(stops: [], maximumTokens: 100))
        }
        var count = 0
        for try await event in try await stream() {
            if case .token = event { count += 1 }
        }
        #expect(count == 100)
    }

    @Test("contexts that are forgotten give their pages back, and the thread ends with the engine")
    func forgottenContexts() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        do {
            let context = try await engine.open("1 2 3")
            _ = try await context.fork(2)
        }
        try await expectNothingLeft(engine)
    }
}
