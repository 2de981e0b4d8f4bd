internal import Braid
internal import BraidInference

/// Runs programs on one engine, one after the other.
///
/// All decoding is greedy. The context with the prefix of `threads` is kept from one line to the next.
actor ProgramRunner {
    private static let names = ["prefill", "decode", "threads", "forkjoin", "wait", "score"]

    private let engine: EmbeddedEngine
    private let clock = ContinuousClock()
    private var held: (prefix: Int, context: any EngineContext)?
    /// Programs run so far.
    private var runs = 0

    init(engine: EmbeddedEngine) {
        self.engine = engine
    }

    /// Runs one program.
    /// - Throws: ``ProgramError``, `EngineError`.
    func run(_ program: Program) async throws -> ProgramResult {
        var result = ProgramResult(program: program.name)
        defer { runs += 1 }
        if program.name != "threads", let held {
            await held.context.close()
            self.held = nil
        }
        switch program.name {
        case "prefill": try await prefill(program, &result)
        case "decode": try await decode(program, &result)
        case "threads": try await threads(program, &result)
        case "forkjoin": try await forkJoin(program, &result)
        case "wait": try await wait(program, &result)
        case "score": try await score(program, &result)
        default: throw ProgramError.unknownProgram(program.name, known: Self.names)
        }
        return result
    }

    // MARK: Programs

    /// A prefix of P tokens, until the first token after it is known.
    private func prefill(_ program: Program, _ result: inout ProgramResult) async throws {
        let prefix = SyntheticTokens.prefix(try program.count("prefix", default: 512), run: runs)
        let start = clock.now
        let context = try await open(prefix)
        _ = try await Self.decode(context, 1)
        result.seconds = seconds(since: start)
        await context.close()
    }

    /// Decoding at depth P, alone.
    private func decode(_ program: Program, _ result: inout ProgramResult) async throws {
        let context = try await open(SyntheticTokens.prefix(try program.count("prefix", default: 16), run: runs))
        _ = try await Self.decode(context, 1)
        let tokens = try program.count("tokens", default: 64)
        let start = clock.now
        _ = try await Self.decode(context, tokens)
        result.seconds = seconds(since: start)
        await context.close()
    }

    /// Decoding in B threads side by side that share a prefix; forks and headers are not measured.
    private func threads(_ program: Program, _ result: inout ProgramResult) async throws {
        let prefix = try program.count("prefix", default: 512)
        let width = try program.count("width", default: 4)
        let header = try program.count("header", default: 8)
        let tokens = try program.count("tokens", default: 32)
        let main = try await holdPrefix(prefix)
        let threads = try await main.fork(width)
        _ = try await Self.decode(threads, afterHeadersOf: header, 1)
        let start = clock.now
        _ = try await Self.decode(threads, afterHeadersOf: 0, tokens)
        result.seconds = seconds(since: start)
        try await countPages(&result)
        for thread in threads { await thread.close() }
    }

    /// A whole run: prefix, fork, headers and T tokens in each thread, join, J tokens; or the same tokens in sequence.
    private func forkJoin(_ program: Program, _ result: inout ProgramResult) async throws {
        let prefix = SyntheticTokens.prefix(try program.count("prefix", default: 512), run: runs)
        let width = try program.count("width", default: 4)
        let header = try program.count("header", default: 8)
        let tokens = try program.count("tokens", default: 128)
        let answer = try program.count("answer", default: 64)
        let join = try program.word("join", of: ["reprefill", "stitch", "sequential"])

        let start = clock.now
        let main = try await open(prefix)
        if join == "sequential" {
            _ = try await Self.decode(main, width * tokens + answer)
            result.seconds = seconds(since: start)
            try await countPages(&result)
            return await main.close()
        }
        result.prefillSeconds = seconds(since: start)
        let forking = clock.now
        let threads = try await main.fork(width)
        result.forkSeconds = seconds(since: forking)
        let threading = clock.now
        let texts = try await Self.decode(threads, afterHeadersOf: header, tokens)
        result.threadsSeconds = seconds(since: threading)
        try await countPages(&result)
        let joining = clock.now
        if join == "stitch" {
            try await main.join(threads, as: .stitch)
            result.joinSeconds = seconds(since: joining)
        } else {
            try await main.join(threads, as: .reprefill(TokenText([.tokens(texts.flatMap { $0 })])))
            result.joinSeconds = seconds(since: joining)
        }
        let answering = clock.now
        if join == "stitch" { try await main.extend(TokenText([.tokens([3])])) }
        _ = try await Self.decode(main, answer)
        result.answerSeconds = seconds(since: answering)
        result.seconds = seconds(since: start)
        try await countPages(&result)
        await main.close()
    }

    /// The wait between the end of the last thread and a joined context, by re-prefill. Thread i of B decodes i/B of T
    /// tokens. Warm, a context beside the threads reads their texts in order as they come.
    private func wait(_ program: Program, _ result: inout ProgramResult) async throws {
        let prefix = SyntheticTokens.prefix(try program.count("prefix", default: 512), run: runs)
        let width = try program.count("width", default: 4)
        let header = try program.count("header", default: 8)
        let tokens = try program.count("tokens", default: 128)
        let isWarm = try program.word("warm", of: ["off", "on"]) == "on"

        let main = try await open(prefix)
        let lengths = (1...width).map { max(1, tokens * $0 / width) }
        if isWarm {
            let warmJoin = WarmJoin(threads: try await main.fork(width), parent: main)
            result.waitSeconds = try await warmJoin.run(header: header, lengths: lengths) / .seconds(1)
        } else {
            let threads = try await main.fork(width)
            let texts = try await withThrowingTaskGroup(of: (Int, [TokenID]).self) { group in
                for (index, thread) in threads.enumerated() {
                    group.addTask {
                        (index, try await Self.decode(thread, index, afterHeaderOf: header, lengths[index]))
                    }
                }
                return try await group.reduce(into: [Int: [TokenID]]()) { $0[$1.0] = $1.1 }
            }
            let start = clock.now
            let text = (0..<width).flatMap { texts[$0] ?? [] }
            try await main.join(threads, as: .reprefill(TokenText([.tokens(text)])))
            result.waitSeconds = seconds(since: start)
        }
        await main.close()
    }

    /// Log-probabilities of given tokens, and the likeliest token after each; nothing is timed.
    private func score(_ program: Program, _ result: inout ProgramResult) async throws {
        let ids = try program.tokens("ids")
        guard ids.count >= 2, let first = ids.first else {
            throw ProgramError.invalidValue(key: "ids", value: "\(ids.count) ids", allowed: "at least 2 ids")
        }
        let context = try await open([first])
        let scores = try await context.score(TokenText([.tokens(Array(ids.dropFirst()))]))
        result.logProbabilities = scores.map(\.value)
        var likeliest: [TokenID] = []
        for (index, id) in ids.enumerated() {
            if index > 0 { try await context.extend(TokenText([.tokens([id])])) }
            for trial in try await context.fork(1) {
                likeliest += try await Self.decode(trial, 1)
                await trial.close()
            }
        }
        result.likeliest = likeliest
        await context.close()
    }

    // MARK: Verbs

    private func open(_ tokens: [TokenID]) async throws -> any EngineContext {
        try await engine.open(TokenText([.tokens(tokens)]))
    }

    private func holdPrefix(_ count: Int) async throws -> any EngineContext {
        if let held, held.prefix == count { return held.context }
        await held?.context.close()
        held = nil
        let context = try await open(SyntheticTokens.prefix(count, run: runs))
        held = (count, context)
        return context
    }

    /// Decodes exactly `count` tokens.
    private static func decode(_ context: any EngineContext, _ count: Int) async throws -> [TokenID] {
        var tokens: [TokenID] = []
        tokens.reserveCapacity(count)
        for try await event in context.decode(DecodingOptions(stops: [], maximumTokens: count)) {
            if case .token(let token) = event { tokens.append(token.id) }
        }
        guard tokens.count == count else { throw ProgramError.stoppedEarly(decoded: tokens.count, wanted: count) }
        return tokens
    }

    /// Reads a thread's header, if it has any tokens, and decodes; returns both.
    private static func decode(
        _ thread: any EngineContext, _ index: Int, afterHeaderOf header: Int, _ count: Int
    ) async throws -> [TokenID] {
        let header = SyntheticTokens.header(of: index, header)
        if !header.isEmpty { try await thread.extend(TokenText([.tokens(header)])) }
        return header + (try await decode(thread, count))
    }

    /// All threads side by side; their texts in order.
    private static func decode(
        _ threads: [any EngineContext], afterHeadersOf header: Int, _ count: Int
    ) async throws -> [[TokenID]] {
        try await withThrowingTaskGroup(of: (Int, [TokenID]).self) { group in
            for (index, thread) in threads.enumerated() {
                group.addTask { (index, try await decode(thread, index, afterHeaderOf: header, count)) }
            }
            return try await group.reduce(into: [[TokenID]](repeating: [], count: threads.count)) { $0[$1.0] = $1.1 }
        }
    }

    /// Notes the pages that are in use now, if they are more than before.
    private func countPages(_ result: inout ProgramResult) async throws {
        let statistics = try await engine.statistics
        result.usedPages = max(result.usedPages ?? 0, statistics.usedPages)
        result.pageBytes = statistics.pageBytes
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        (clock.now - start) / .seconds(1)
    }
}
