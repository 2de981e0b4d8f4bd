import Braid
import Testing

@testable import BraidInference

@Suite("Speculation")
struct PromptLookupTests {
    @Test("what followed the same three tokens most recently is guessed")
    func guesses() {
        var lookup = PromptLookup()
        #expect(lookup.draft(after: [1, 2, 3, 4, 5, 6, 1, 2, 3], limit: 8) == [4, 5])
        #expect(lookup.draft(after: [1, 2, 3, 4, 5, 1, 2, 3, 7, 8, 1, 2, 3], limit: 1) == [7])
        #expect(lookup.draft(after: [9, 2, 3, 4, 5, 6, 1, 2, 3], limit: 8).isEmpty)
        #expect(lookup.draft(after: [5, 5, 5, 5], limit: 8) == [5])
        for tokens in [[], [1], [1, 1], [1, 1, 1]] as [[TokenID]] {
            #expect(lookup.draft(after: tokens, limit: 8).isEmpty)
        }
    }

    @Test("good guesses make longer ones, bad ones make pauses")
    func adapts() {
        var lookup = PromptLookup()
        let tokens = (0..<20).map { TokenID($0 % 10) }
        #expect(lookup.draft(after: tokens, limit: 8).count == 2)
        lookup.record(drafted: 2, accepted: 2)
        lookup.record(drafted: 4, accepted: 4)
        #expect(lookup.draft(after: tokens, limit: 8).count == 8)
        #expect(lookup.draft(after: tokens, limit: 3).count == 3)
        lookup.record(drafted: 8, accepted: 3)
        #expect(lookup.draftLength == 8)
        for _ in 0..<4 { lookup.record(drafted: 1, accepted: 0) }
        var pause = 0
        while lookup.draft(after: tokens, limit: 8).isEmpty { pause += 1 }
        #expect(pause == 8)
        for _ in 0..<2 { lookup.record(drafted: 1, accepted: 0) }
        pause = 0
        while lookup.draft(after: tokens, limit: 8).isEmpty { pause += 1 }
        #expect(pause == 16)
    }

    @Test("guesses change no token, with and without a grammar, at every temperature", arguments: [0, 0.7, 1.5])
    func exact(temperature: Double) async throws {
        let fixture = try EngineFixture(contextLength: 400)
        let plain = try fixture.engine(
            EmbeddedEngineOptions(threads: 1, cacheBytes: 1 << 24, speculates: false))
        let guessing = try fixture.engine(
            EmbeddedEngineOptions(threads: 1, cacheBytes: 1 << 24, speculates: true))
        for seed in 0..<6 as Range<UInt64> {
            for grammar in [nil, ControlGrammar(.braid, line: .main, maximumOutlines: 4)] {
                // A text that repeats itself, so that there is something to guess.
                let prompt = TokenText([.tokens((0..<60).map { TokenID($0 % 7 + 40) })])
                let options = DecodingOptions(
                    sampling: SamplingParameters(
                        temperature: temperature, topK: 3, repetitionPenalty: seed % 2 == 0 ? 1 : 1.2), seed: seed,
                    stops: ["</Outlines>", "</Answer>"], maximumTokens: seed == 3 ? 1000 : 90, grammar: grammar)
                var readings: [[DecodedToken]] = [], reasons: [StopReason?] = []
                for engine in [plain, guessing] {
                    let context = try await engine.open(prompt)
                    let first = try await context.decodeAll(options)
                    readings.append(first.tokens)
                    reasons.append(first.reason)
                    if first.reason != .contextFull {
                        // The context goes on as if nothing had been guessed.
                        try await context.extend(TokenText([.tokens([41, 42, 43])]))
                        readings.append(try await context.decodeAll(options).tokens)
                    } else {
                        readings.append([])
                    }
                    await context.close()
                }
                #expect(readings[0] == readings[2] && readings[1] == readings[3])
                #expect(reasons[0] == reasons[1])
            }
        }
        let statistics = try await guessing.statistics
        #expect(statistics.draftedTokens > 0)
        #expect(statistics.acceptedTokens > 0)
        #expect(statistics.acceptedTokens <= statistics.draftedTokens)
        #expect(statistics.usedPages == 0)
        #expect(try await plain.statistics.draftedTokens == 0)
        #expect(try await plain.statistics.decodedTokens == statistics.decodedTokens)
    }
}
