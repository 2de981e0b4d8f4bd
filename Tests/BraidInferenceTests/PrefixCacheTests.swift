import Braid
import Testing

@testable import BraidInference

@Suite("Prefix cache, memory and join warm-up of the engine")
struct PrefixCacheTests {
    private let options = DecodingOptions(
        sampling: SamplingParameters(temperature: 1), seed: 4, stops: [], maximumTokens: 12)
    private let pageBytes = EngineProgramTests.pageBytes

    private func text(_ range: Range<TokenID>) -> TokenText { TokenText([.tokens(range.map { $0 % 90 })]) }

    @Test("a prompt asked again is found, up to its last full page; others find nothing")
    func promptsAreFound() async throws {
        let engine = try EngineFixture().engine()
        let prompt = text(0..<50)
        let first = try await engine.open(prompt)
        // While the first one lives, and after it is gone.
        let second = try await engine.open(prompt)
        #expect(try await engine.statistics.cachedTokens == 48)
        let expected = try await first.decodeAll(options).tokens
        #expect(try await second.decodeAll(options).tokens == expected)
        await first.close()
        await second.close()
        let rows = try await engine.statistics.rows
        let third = try await engine.open(prompt)
        #expect(try await third.decodeAll(options).tokens == expected)
        var statistics = try await engine.statistics
        #expect(statistics.cachedTokens == 2 * 48)
        #expect(statistics.promptTokens == 3 * 50)
        // The last two tokens of the prompt, and all that were decoded but the last.
        #expect(statistics.rows - rows == 2 + 11)
        // What was decoded is found as well, by whoever repeats it.
        let fourth = try await engine.open(prompt + TokenText([.tokens(expected.map(\.id))]) + text(0..<9))
        statistics = try await engine.statistics
        #expect(statistics.cachedTokens == 2 * 48 + 48)
        await third.close()
        let fifth = try await engine.open(prompt + TokenText([.tokens(expected.map(\.id))]) + text(0..<19))
        #expect(try await engine.statistics.cachedTokens >= 2 * 48 + 48 + 64)
        let stranger = try await engine.isolated().open(prompt)
        let before = try await engine.statistics.cachedTokens
        #expect(try await stranger.decodeAll(options).tokens == expected)
        #expect(try await engine.statistics.cachedTokens == before)
        for context in [fourth, fifth, stranger] { await context.close() }
        #expect(try await engine.statistics.usedPages == 0)
    }

    @Test("one tenant finds its own prompts again")
    func isolation() async throws {
        let engine = try EngineFixture().engine()
        let (one, other) = (engine.isolated(), engine.isolated())
        for (tenant, expected) in [(one, 0), (other, 0), (one, 32), (other, 64)] {
            await (try await tenant.open(text(0..<40))).close()
            #expect(try await engine.statistics.cachedTokens == expected)
        }
    }

    @Test("a thread's seed that was read before is found; a cancelled search leaves the context as it was")
    func extendsAreFound() async throws {
        let engine = try EngineFixture().engine()
        var readings: [[DecodedToken]] = []
        for round in 0..<2 {
            let main = try await engine.open(text(0..<20))
            let threads = try await main.fork(2)
            let before = try await engine.statistics.cachedTokens
            for (index, thread) in threads.enumerated() {
                try await thread.extend(text(TokenID(40 * index)..<TokenID(40 * index + 30)))
            }
            if round == 1 { #expect(try await engine.statistics.cachedTokens - before == 2 * (48 - 20)) }
            for thread in threads { readings.append(try await thread.decodeAll(options).tokens) }
            for context in threads + [main] { await context.close() }
        }
        #expect(readings[0] == readings[2] && readings[1] == readings[3])
    }

    @Test("when pages run out, contexts give way to older ones and lose nothing but time")
    func preemption() async throws {
        let fixture = try EngineFixture(contextLength: 128)
        let ample = try fixture.engine()
        let scarce = try fixture.engine(EmbeddedEngineOptions(threads: 1, cacheBytes: 10 * pageBytes))
        #expect(scarce.description.contextLength == 128)
        func answers(_ engine: EmbeddedEngine) async throws -> [[DecodedToken]] {
            var contexts: [any EngineContext] = []
            for number in 0..<5 { contexts.append(try await engine.open(text(TokenID(number)..<TokenID(number + 50)))) }
            let options = DecodingOptions(sampling: options.sampling, seed: 1, stops: [], maximumTokens: 60)
            var answers: [[DecodedToken]] = []
            for _ in 0..<2 {
                answers += try await withThrowingTaskGroup(of: (Int, [DecodedToken]).self) { group in
                    for (index, context) in contexts.enumerated() {
                        group.addTask { (index, try await context.decodeAll(options).tokens) }
                    }
                    return try await group.reduce(into: [Int: [DecodedToken]]()) { $0[$1.0] = $1.1 }
                }.sorted { $0.key < $1.key }.map(\.value)
            }
            for context in contexts { await context.close() }
            return answers
        }
        #expect(try await answers(scarce) == answers(ample))
        let statistics = try await scarce.statistics
        #expect(statistics.preemptedContexts > 0)
        #expect(statistics.recomputedTokens > 0)
        #expect(statistics.usedPages == 0)
        #expect(try await ample.statistics.preemptedContexts == 0)
    }

    @Test("questions that stitch at the same time and have too few pages end, each as if alone or with an error")
    func scarceStitches() async throws {
        let fixture = try EngineFixture(contextLength: 256)
        func answer(_ number: Int, on engine: EmbeddedEngine) async throws -> [DecodedToken] {
            let first = TokenID(7 * number)
            let main = try await engine.open(text(first..<first + 30))
            do {
                let threads = try await main.fork(3)
                for (index, thread) in threads.enumerated() {
                    try await thread.extend(text(TokenID(index)..<TokenID(index + 25)))
                    _ = try await thread.decodeAll(options)
                }
                try await main.join(threads, as: .stitch)
                let tokens = try await main.decodeAll(options).tokens
                await main.close()
                return tokens
            } catch {
                await main.close()
                throw error
            }
        }
        let ample = try fixture.engine(EmbeddedEngineOptions(threads: 1, cacheBytes: 1 << 24))
        let scarce = try fixture.engine(EmbeddedEngineOptions(threads: 1, cacheBytes: 24 * pageBytes))
        let results = await withTaskGroup(of: (Int, Result<[DecodedToken], any Error>).self) { group in
            for number in 0..<6 {
                group.addTask {
                    do {
                        return (number, .success(try await answer(number, on: scarce)))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [Int: Result<[DecodedToken], any Error>]()) { $0[$1.0] = $1.1 }
        }
        #expect(results.count == 6)
        for (number, result) in results {
            switch result {
            case .success(let tokens): #expect(try await answer(number, on: ample) == tokens)
            case .failure(let error): #expect(error is EngineError)
            }
        }
        #expect(try await scarce.statistics.preemptedContexts > 0)
        #expect(try await scarce.statistics.usedPages == 0)
    }

    @Test("what can never fit is an error that says so, and others go on")
    func outOfMemory() async throws {
        let fixture = try EngineFixture(contextLength: 64)
        let engine = try fixture.engine(EmbeddedEngineOptions(threads: 1, cacheBytes: 6 * pageBytes))
        let main = try await engine.open(text(0..<10))
        // Stitched contexts cannot be computed again, so they keep what they have.
        let threads = try await main.fork(4)
        for (index, thread) in threads.enumerated() {
            try await thread.extend(text(TokenID(20 * index)..<TokenID(20 * index + 20)))
        }
        await #expect(throws: EngineError.self) { try await main.join(threads, as: .stitch) }
        try await main.join(threads, as: .reprefill(text(0..<9)))
        #expect(try await main.decodeAll(options).tokens.count == 12)
        await main.close()
        #expect(try await engine.statistics.usedPages == 0)
    }

    @Test("memory is divided as asked, and the least that is needed is said")
    func memoryLimit() throws {
        let configuration = try RandomModel.configuration()
        let plain = try MemoryPlan(
            EmbeddedEngineOptions(), configuration, cacheType: .float32, weightBytes: 8 << 20, machineBytes: 16 << 30)
        #expect(plain.contextLength == configuration.maximumContextLength)
        #expect(plain.pageCount * plain.pageBytes <= 1 << 30)
        let limit = plain.weightBytes + plain.activationBytes + 100 * plain.pageBytes + 5
        let limited = try MemoryPlan(
            EmbeddedEngineOptions(memoryLimit: limit), configuration, cacheType: .float32, weightBytes: 8 << 20,
            machineBytes: 16 << 30)
        #expect(limited.pageCount == 100)
        #expect(limited.contextLength == 99 * 16)
        let least = plain.weightBytes + plain.activationBytes + 18 * plain.pageBytes
        #expect(
            throws: EngineError.invalidOption(
                name: "memory limit", value: "\(least - 1) bytes",
                allowed: "at least \(least) bytes: \(8 << 20) for weights, \(plain.activationBytes) for activations, "
                    + "\(18 * plain.pageBytes) for a context of 272 tokens")
        ) {
            try MemoryPlan(
                EmbeddedEngineOptions(memoryLimit: least - 1), configuration, cacheType: .float32, weightBytes: 8 << 20)
        }
        #expect(
            try MemoryPlan(
                EmbeddedEngineOptions(memoryLimit: least), configuration, cacheType: .float32, weightBytes: 8 << 20
            ).pageCount
                == 18)
        // A small machine gets a shorter context by default.
        #expect(
            try MemoryPlan(
                EmbeddedEngineOptions(), configuration, cacheType: .float32, weightBytes: 0, machineBytes: 64 << 20
            ).contextLength
                < configuration.maximumContextLength)
    }

    @Test("what was prefilled ahead of a join is not prefilled again, and changes no token")
    func joinWarmUp() async throws {
        let fixture = try EngineFixture()
        var answers: [[DecodedToken]] = []
        for warms in [false, true] {
            let engine = try fixture.engine(
                EmbeddedEngineOptions(threads: 2, cacheBytes: 1 << 24, keepsPrefixes: false))
            let main = try await engine.open(text(0..<37))
            let threads = try await main.fork(3)
            let parts = [text(10..<23), text(30..<51), text(60..<65)]
            if warms {
                try await main.warmUpJoin(parts[0])
                try await main.warmUpJoin(parts[0] + parts[1])
            }
            let rows = try await engine.statistics.rows
            try await main.join(threads, as: .reprefill(parts[0] + parts[1] + parts[2]))
            let statistics = try await engine.statistics
            // All but the last token, which runs with the first decode step.
            #expect(statistics.rows - rows == (warms ? 4 : 38))
            #expect(statistics.warmedTokens == (warms ? 34 : 0))
            #expect(await main.tokenCount == 37 + 39)
            answers.append(try await main.decodeAll(options).tokens)
            await main.close()
            #expect(try await engine.statistics.usedPages == 0)
            #expect(try await engine.statistics.openContexts == 0)
        }
        #expect(answers[0] == answers[1])
    }

    @Test("a join that turns out otherwise than announced is right all the same")
    func wrongWarmUp() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine(
            EmbeddedEngineOptions(threads: 2, cacheBytes: 1 << 24, keepsPrefixes: false))
        let main = try await engine.open(text(0..<37))
        let plain = try await engine.open(text(0..<37) + text(10..<30))
        let threads = try await main.fork(2)
        try await main.warmUpJoin(text(11..<23))
        try await main.warmUpJoin(text(12..<99))
        try await main.warmUpJoin(TokenText([.tokens([5])]))
        try await main.join(threads, as: .reprefill(text(10..<30)))
        #expect(try await engine.statistics.warmedTokens == 0)
        #expect(try await main.decodeAll(options).tokens == plain.decodeAll(options).tokens)
        // Without threads there is nothing to warm up for; a warm-up without a join is forgotten.
        try await main.warmUpJoin(text(0..<3))
        let others = try await main.fork(1)
        try await main.warmUpJoin(text(0..<30))
        await others[0].close()
        try await main.extend(text(0..<3))
        await main.close()
        await plain.close()
        #expect(try await engine.statistics.usedPages == 0)
        #expect(try await engine.statistics.openContexts == 0)
    }
}
