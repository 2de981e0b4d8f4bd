import Braid
import CBraidKernels
import Testing

@testable import BraidInference

@Suite("Groups and numbered threads of the embedded engine")
struct EmbeddedGroupTests {
    /// Bytes of a page of the fixture's model.
    private static let pageBytes = 6144
    private static let prompt = "12 + 34 = and more to fill a page or two of it"
    private static let views: [GroupView] = [
        .consecutive([.text("others: "), .others, .text("own: ")]), .consecutive([.others, .text(" go on ")]),
        .consecutive([.text("own: ")]), .slots(length: 40),
    ]
    private static let sampling = SamplingParameters(temperature: 1, topP: 0.95)

    private func expectNothingLeft(_ engine: EmbeddedEngine) async throws {
        var statistics = try await engine.statistics
        for _ in 0..<5000 where statistics.openContexts > 0 {
            try await Task.sleep(for: .milliseconds(1))
            statistics = try await engine.statistics
        }
        #expect(statistics.openContexts == 0)
        #expect(statistics.usedPages == 0)
    }

    /// What three members draw in twelve steps, with text put in and steps published on the way.
    private func draws(_ view: GroupView, on engine: EmbeddedEngine) async throws -> [[DrawnToken]] {
        let main = try await engine.open(TokenText([.text(Self.prompt)]))
        let group = try await main.group(
            GroupOptions(view: view, sampling: Self.sampling, seeds: [1, 2, 3], stops: nil))
        for (member, text) in ["one", "and two ", "three: the third"].enumerated() {
            try await group.extend(member, TokenText([.text(text)]))
        }
        var steps: [[DrawnToken]] = []
        for step in 0..<12 {
            steps.append(try await group.step([0, 1, 2].filter { step < 9 || $0 != 1 }))
            if step == 5 { try await group.extend(2, "12 ") }
            if step == 4 || step == 7, view != Self.views[3] { try await group.publish(step % 3) }
        }
        await group.close()
        await main.close()
        return steps
    }

    /// The same by hand: no engine, no scheduler, no batch with others in it.
    private func expected(_ view: GroupView, on fixture: EngineFixture) throws -> [[SampledToken]] {
        let cached = try CachedTransformer(fixture.model, threads: 1)
        func encode(_ text: String) -> [TokenID] { fixture.tokenizer.encode(text) }
        let main = cached.cache.open()
        _ = try cached.extend(main, encode(Self.prompt))
        var parts: [[TokenID]?]?
        var length = 0
        switch view {
        case .slots(let slot): length = slot
        case .consecutive(let list):
            parts = list.map { if case .text(let text) = $0 { encode(text.rendered) } else { nil } }
        }
        var group = try CachedGroup(main, of: cached, count: 3, parts: parts, length: length)
        var pending = ["one", "and two ", "three: the third"].map(encode)
        var counts = pending.map(\.count)
        var samplers = try (1...3).map {
            try Sampler(Self.sampling, seed: $0, kernels: #require(KernelLevel.best.kernels))
        }
        var steps: [[SampledToken]] = []
        for step in 0..<12 {
            let members = [0, 1, 2].filter { step < 9 || $0 != 1 }
            let logits = try group.step(members.map { ($0, pending[$0]) })
            var drawn: [SampledToken] = []
            for (member, rows) in zip(members, logits) {
                let token = try #require(rows.last).withUnsafeBufferPointer {
                    try samplers[member].draw(
                        from: $0, position: counts[member], seen: [],
                        mask: .upTo(end: fixture.tokenizer.vocabularySize, forbidden: []))
                }
                drawn.append(token)
                pending[member] = [token.id]
                counts[member] += 1
            }
            steps.append(drawn)
            if step == 5 {
                pending[2] += encode("12 ")
                counts[2] += encode("12 ").count
            }
            if step == 4 || step == 7, length == 0 { try group.publish(step % 3) }
        }
        return steps
    }

    @Test("a group draws what it would by hand, bit for bit, alone and in a crowd with little memory", arguments: views)
    func reproducible(_ view: GroupView) async throws {
        let fixture = try EngineFixture()
        let expected = try expected(view, on: fixture)
        let alone = try await draws(view, on: fixture.engine())
        #expect(alone.map { $0.map(\.token.id) } == expected.map { $0.map(\.id) })
        #expect(alone.map { $0.map(\.token.logProbability) } == expected.map { $0.map(\.logProbability) })

        let scarce = try fixture.engine(
            EmbeddedEngineOptions(threads: 2, cacheBytes: 48 * Self.pageBytes, speculates: true, maximumRows: 24))
        let crowd = (0..<10).map { number in
            Task {
                for count in 0..<8 {
                    let context = try await scarce.open(TokenText([.tokens((0..<90).map { TokenID($0 + number) })]))
                    _ = try await context.decodeAll(
                        DecodingOptions(sampling: Self.sampling, seed: UInt64(count), stops: [], maximumTokens: 40))
                    await context.close()
                }
            }
        }
        for _ in 0..<3 {
            let among = try await draws(view, on: scarce)
            #expect(among == alone)
        }
        for task in crowd { try await task.value }
        let statistics = try await scarce.statistics
        #expect(statistics.evictedPages > 0)
        try await expectNothingLeft(scarce)
    }

    @Test("a step is one pass; a step of more than 64 rows is several, whatever the engine's rows")
    func passes() async throws {
        let fixture = try EngineFixture()
        var draws: [[DrawnToken]] = []
        for rows in [64, 200] {
            let engine = try fixture.engine(EmbeddedEngineOptions(threads: 2, cacheBytes: 1 << 24, maximumRows: rows))
            let main = try await engine.open(TokenText([.text(Self.prompt)]))
            let group = try await main.group(GroupOptions(view: Self.views[0], seeds: [1, 2, 3], stops: nil))
            for member in 0..<3 {
                try await group.extend(member, TokenText([.tokens((0..<30).map { TokenID($0 + member) })]))
            }
            let before = try await engine.statistics.steps
            draws.append(try await group.step([0, 1, 2]))
            // 21 rows of each, then what is left of all.
            #expect(try await engine.statistics.steps == before + 2)
            for count in 3..<10 {
                draws[draws.count - 1] += try await group.step([0, 1, 2])
                #expect(try await engine.statistics.steps == before + count)
            }
            await group.close()
            await main.close()
        }
        #expect(draws[0] == draws[1])
        let narrow = try fixture.engine(EmbeddedEngineOptions(threads: 1, cacheBytes: 1 << 24, maximumRows: 8))
        let main = try await narrow.open("1")
        let group = try await main.group(GroupOptions(view: Self.views[0], seeds: [1, 2], stops: nil))
        for member in 0..<2 { try await group.extend(member, TokenText([.tokens([1, 2, 3, 4, 5])])) }
        await #expect(
            throws: EngineError.invalidOption(
                name: "maximum rows of the engine", value: "8", allowed: "for this step of a group at least 10")
        ) { try await group.step([0, 1]) }
        _ = try await group.step([0])
    }

    @Test("what a group is made from waits, and goes on as if there had been none; forbidden tokens never come")
    func owner() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        let options = DecodingOptions(sampling: Self.sampling, seed: 5, stops: [], maximumTokens: 12)
        let plain = try await engine.open(TokenText([.text(Self.prompt)]))
        let expected = try await plain.decodeAll(options).tokens
        let main = try await engine.open(TokenText([.text(Self.prompt)]))
        let group = try await main.group(
            GroupOptions(
                view: Self.views[0], sampling: Self.sampling, seeds: [1], forbidden: ["1", "no single token at all"]))
        await #expect(throws: EngineError.self) { try await main.extend("x") }
        await #expect(throws: EngineError.self) { try await main.decodeAll(options) }
        try await group.extend(0, "7 * 8")
        var drawn: [DrawnToken] = []
        for _ in 0..<40 { drawn += try await group.step([0]) }
        let one = fixture.tokenizer.encode("1")
        #expect(one.count == 1)
        #expect(!drawn.contains { $0.token.id == one[0] })
        await group.close()
        #expect(try await main.decodeAll(options).tokens == expected)
        for context in [plain, main] { await context.close() }
        try await expectNothingLeft(engine)
    }

    @Test("limits and bad values are errors that say so, and change nothing")
    func limits() async throws {
        let fixture = try EngineFixture(contextLength: 64)
        let engine = try fixture.engine()
        let main = try await engine.open(TokenText([.tokens(Array(0..<20))]))
        func options(_ view: GroupView, _ count: Int = 2) -> GroupOptions {
            GroupOptions(view: view, seeds: (0..<count).map(UInt64.init))
        }
        await #expect(throws: EngineError.contextTooLong(tokens: 20 + 2 * 23, limit: 64)) {
            try await main.group(options(.slots(length: 23)))
        }
        await #expect(throws: EngineError.invalidOption(name: "length of a slot", value: "0", allowed: "1 to 64")) {
            try await main.group(options(.slots(length: 0)))
        }
        await #expect(throws: EngineError.invalidOption(name: "members of a group", value: "0", allowed: "1 to 64")) {
            try await main.group(options(.slots(length: 1), 0))
        }
        await #expect(throws: EngineError.self) { try await main.group(options(.consecutive([.others, .others]))) }
        let empty = try await engine.open(TokenText())
        await #expect(throws: EngineError.contextNotUsable("it is empty; extend it first")) {
            try await empty.group(options(.consecutive([])))
        }

        let slots = try await main.group(options(.slots(length: 22)))
        await #expect(throws: EngineError.self) { try await slots.step([0]) }
        await #expect(throws: EngineError.invalidOption(name: "member", value: "2", allowed: "0 to 1")) {
            try await slots.extend(2, "x")
        }
        await #expect(throws: EngineError.self) { try await slots.step([]) }
        await #expect(throws: EngineError.self) { try await slots.publish(0) }
        try await slots.extend(0, TokenText([.tokens(Array(0..<21))]))
        _ = try await slots.step([0])
        _ = try await slots.step([0])
        await #expect(throws: EngineError.contextTooLong(tokens: 23, limit: 22)) { try await slots.step([0]) }
        await slots.close()
        await #expect(throws: EngineError.contextNotUsable("its group was closed")) { try await slots.step([0]) }

        let group = try await main.group(options(.consecutive([.others])))
        try await group.extend(0, TokenText([.tokens(Array(0..<40))]))
        try await group.extend(1, TokenText([.tokens(Array(0..<5))]))
        await #expect(throws: EngineError.contextTooLong(tokens: 65, limit: 64)) { try await group.step([0, 1]) }
        _ = try await group.step([0])
        await #expect(throws: EngineError.contextTooLong(tokens: 65, limit: 64)) { try await group.step([1]) }
        await group.close()
        for context in [main, empty] { await context.close() }
        try await expectNothingLeft(engine)
    }

    @Test("a cancelled step changes nothing; groups that are forgotten give their pages back")
    func cancelling() async throws {
        let fixture = try EngineFixture()
        let engine = try fixture.engine()
        var draws: [[DrawnToken]] = []
        for cancels in [false, true] {
            let main = try await engine.open(TokenText([.text(Self.prompt)]))
            let group = try await main.group(
                GroupOptions(view: Self.views[0], sampling: Self.sampling, seeds: [3, 4], stops: nil))
            for member in 0..<2 { try await group.extend(member, "go") }
            var drawn: [DrawnToken] = []
            for _ in 0..<6 {
                if cancels {
                    let step = Task { try await group.step([0, 1]) }
                    step.cancel()
                    // It may have come too late to be cancelled.
                    if case .success(let tokens) = await step.result {
                        drawn += tokens
                        continue
                    }
                }
                drawn += try await group.step([0, 1])
            }
            draws.append(drawn)
        }
        #expect(draws[0] == draws[1])
        try await expectNothingLeft(engine)
    }

    @Test("numbered threads write keys of their own, keep them, and stitch; nobody else finds them")
    func numberedThreads() async throws {
        let fixture = try EngineFixture(thoughts: 4)
        let prompt = fixture.tokenizer.encode(Self.prompt)
        let seeds: [[TokenID]] = [[5, 6, 7], [5, 6, 7], Array(20..<50)]
        let summary: [TokenID] = [9, 8, 7, 6]

        // By hand.
        let cached = try CachedTransformer(fixture.model, threads: 1)
        let root = cached.cache.open()
        _ = try cached.extend(root, prompt)
        let threads = try cached.cache.fork(root, count: 3)
        var expected: [[Float]] = []
        for (index, thread) in threads.enumerated() {
            cached.cache.seal(thread)
            expected += try cached.extend(thread, seeds[index], thought: index + 1).dropLast()
        }
        try cached.cache.stitch(threads, into: root)
        expected += try cached.extend(root, summary).dropLast()

        let engine = try fixture.engine(
            EmbeddedEngineOptions(threads: 1, cacheBytes: 40 * Self.pageBytes, maximumRows: 16))
        #expect(engine.description.thoughts == 3)
        let main = try await engine.open(TokenText([.tokens(prompt)]))
        let contexts = try await main.forkNumbered(3)
        var scores: [LogProbability] = []
        for (seed, context) in zip(seeds, contexts) {
            try await context.extend(TokenText([.tokens(Array(seed.prefix(1)))]))
            scores += try await context.score(TokenText([.tokens(Array(seed.dropFirst()))]))
            try await context.extend(TokenText([.tokens(Array(seed.dropFirst()))]))
            // Runs what was appended.
            _ = try await context.score(TokenText([.tokens([1])]))
        }
        // Strangers want all the room there is; one of them says what the third thread has said.
        for number in 0..<6 {
            let stranger = try await engine.open(TokenText([.tokens(prompt + seeds[2])]))
            _ = try await stranger.decodeAll(
                DecodingOptions(sampling: Self.sampling, seed: UInt64(number), stops: [], maximumTokens: 380))
            await stranger.close()
        }
        try await main.join(contexts, as: .stitch)
        try await main.extend(TokenText([.tokens(Array(summary.prefix(1)))]))
        scores += try await main.score(TokenText([.tokens(Array(summary.dropFirst()))]))
        #expect(scores.count == expected.count)
        let kernels = try #require(KernelLevel.best.kernels)
        for (score, logits) in zip(scores, expected) {
            let top = logits.max() ?? 0
            let exact = logits[Int(score.token)] - kernels.log_sum_exp(logits, logits.count, top)
            #expect(score.value == exact)
        }
        #expect(try await engine.statistics.evictedPages > 0)

        // A plain context that says the same is none of them.
        let plain = try await engine.open(TokenText([.tokens(prompt + seeds[0].prefix(1))]))
        let same = try await plain.score(TokenText([.tokens(Array(seeds[0].dropFirst()))]))
        #expect(same.map(\.token) == scores.prefix(2).map(\.token))
        #expect(same != Array(scores.prefix(2)))
        #expect(scores[0] != scores[2], "threads 1 and 2 say the same with other numbers")
        for context in [plain, main] { await context.close() }
        try await expectNothingLeft(engine)
    }

    @Test("threads are numbered only as far as the model has embeddings")
    func numberedThreadLimits() async throws {
        let embedded = try await EngineFixture(thoughts: 4).engine().open("1")
        await #expect(throws: EngineError.invalidOption(name: "thread count", value: "4", allowed: "1 to 3")) {
            try await embedded.forkNumbered(4)
        }
        let plain = try EngineFixture().engine()
        #expect(plain.description.thoughts == 0)
        let context = try await plain.open("1")
        await #expect(throws: EngineError.self) { try await context.forkNumbered(1) }
    }
}
