import Braid

@testable import BraidInference

/// A random question: extends, decodes, forks, joins in both forms, groups, scores and cancels, decided by its seed alone. What it
/// reads from the engine must not depend on anything else.
struct EngineProgram: Sendable {
    let seed: UInt64
    /// Whether joins may stitch and contexts may see each other. Such contexts cannot be preempted, so little memory may
    /// not be enough for them.
    let mayStitch: Bool
    let vocabularySize: Int

    /// What was read, in the order of the program, not of time.
    struct Reading: Sendable, Hashable {
        var tokens: [TokenID] = []
        var values: [Float?] = []
        var counts: [Int] = []

        static func += (left: inout Reading, right: Reading) {
            left.tokens += right.tokens
            left.values += right.values
            left.counts += right.counts
        }
    }

    /// Runs the whole question.
    func run(on engine: any Engine) async throws -> Reading {
        var random = SeededGenerator(seed: seed)
        // Few prompts that begin alike, so that questions find each other's prefixes.
        let length = Int.random(in: 1...70, using: &random)
        let kind = TokenID.random(in: 0..<3, using: &random)
        let prompt = (0..<length).map { TokenID($0) % 40 + ($0 < 33 ? 0 : 40 * kind) }
        let context = try await engine.open(TokenText([.tokens(prompt)]))
        let reading = try await reason(context, depth: 2, &random)
        await context.close()
        return reading
    }

    private func tokens(_ count: ClosedRange<Int>, _ random: inout SeededGenerator) -> TokenText {
        let kind = TokenID.random(in: 0..<3, using: &random)
        return TokenText([.tokens((0..<Int.random(in: count, using: &random)).map { TokenID($0) % 30 + 40 * kind })])
    }

    private func decode(
        _ context: any EngineContext, _ count: Int, _ random: inout SeededGenerator
    ) async throws -> Reading {
        let isGreedy = Bool.random(using: &random)
        let decoded = try await context.decodeAll(
            DecodingOptions(
                sampling: isGreedy ? .greedy : SamplingParameters(temperature: 1, topP: 0.9, repetitionPenalty: 1.1),
                seed: random.next(), stops: [], maximumTokens: count)
        ).tokens
        return Reading(tokens: decoded.map(\.id), values: decoded.map(\.logProbability))
    }

    private func reason(
        _ context: any EngineContext, depth: Int, _ random: inout SeededGenerator
    ) async throws -> Reading {
        var reading = Reading()
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            switch Int.random(in: mayStitch ? -1..<4 : 0..<4, using: &random) {
            case -1: reading += try await collaborate(context, &random)
            case 0: try await context.extend(tokens(0...24, &random))
            case 1: reading += try await decode(context, Int.random(in: 1...24, using: &random), &random)
            case 2:
                let scores = try await context.score(tokens(0...20, &random))
                reading += Reading(tokens: scores.map(\.token), values: scores.map(\.value))
            default:
                if depth > 0 { reading += try await forkAndJoin(context, depth: depth, &random) }
            }
            reading.counts.append(await context.tokenCount)
        }
        return reading
    }

    /// Members that see each other, in steps of at most 18 rows.
    private func collaborate(
        _ context: any EngineContext, _ random: inout SeededGenerator
    ) async throws -> Reading {
        let count = Int.random(in: 1...3, using: &random)
        let hasSlots = Bool.random(using: &random)
        let view: GroupView =
            hasSlots
            ? .slots(length: 24)
            : .consecutive([.text(tokens(1...9, &random)), .others, .text(tokens(1...3, &random))])
        let group = try await context.group(
            GroupOptions(
                view: view, sampling: SamplingParameters(temperature: 1, repetitionPenalty: 1.1),
                seeds: (0..<count).map { _ in random.next() }, stops: nil))
        for member in 0..<count { try await group.extend(member, tokens(1...6, &random)) }
        var reading = Reading()
        for _ in 0..<Int.random(in: 1...9, using: &random) {
            let members = (0..<count).filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
            if !members.isEmpty {
                let drawn = try await group.step(members)
                reading += Reading(tokens: drawn.map(\.token.id), values: drawn.map(\.token.logProbability))
            }
            guard !hasSlots, Bool.random(using: &random) else { continue }
            try await group.publish(Int.random(in: 0..<count, using: &random))
            try await group.extend(Int.random(in: 0..<count, using: &random), tokens(0...4, &random))
        }
        await group.close()
        return reading
    }

    private func forkAndJoin(
        _ context: any EngineContext, depth: Int, _ random: inout SeededGenerator
    ) async throws -> Reading {
        let threads = try await context.fork(Int.random(in: 1...3, using: &random))
        var generators = threads.map { _ in SeededGenerator(seed: random.next()) }
        let cancels = threads.map { _ in Int.random(in: 0..<8, using: &random) == 0 }
        let warms = Bool.random(using: &random)
        let readings = try await withThrowingTaskGroup(of: (Int, Reading).self) { group in
            for (index, thread) in threads.enumerated() {
                let generator = generators[index]
                group.addTask {
                    var generator = generator
                    try await thread.extend(tokens(1...9, &generator))
                    if cancels[index] {
                        try await cancelled(thread, &generator)
                        return (index, Reading())
                    }
                    var reading = try await reason(thread, depth: depth - 1, &generator)
                    reading += try await decode(thread, Int.random(in: 1...9, using: &generator), &generator)
                    return (index, reading)
                }
            }
            var readings = [Reading?](repeating: nil, count: threads.count)
            while let (index, reading) = try await group.next() {
                readings[index] = reading
                if warms {
                    let finished = readings.prefix { $0 != nil }.compactMap { $0 }
                    try await context.warmUpJoin(Self.joined(finished))
                }
            }
            return readings.compactMap { $0 }
        }
        generators = []
        var all = Reading()
        for reading in readings { all += reading }
        if mayStitch, !cancels.contains(true), Bool.random(using: &random) {
            try await context.join(threads, as: .stitch)
        } else {
            try await context.join(threads, as: .reprefill(Self.joined(readings) + TokenText([.tokens([7])])))
        }
        try await context.extend(tokens(1...5, &random))
        return all
    }

    /// Ends a decode call and a prefill of a thread early; how far they came is of no interest.
    private func cancelled(_ thread: any EngineContext, _ random: inout SeededGenerator) async throws {
        let options = DecodingOptions(seed: random.next(), stops: [], maximumTokens: 30)
        let tokens = tokens(20...40, &random)
        let count = Int.random(in: 0...5, using: &random)
        let decoding = Task {
            var left = count
            for try await _ in thread.decode(options) {
                if left == 0 { break }
                left -= 1
            }
        }
        try await decoding.value
        let extending = Task { try await thread.extend(tokens) }
        extending.cancel()
        _ = await extending.result
    }

    private static func joined(_ readings: [Reading]) -> TokenText {
        TokenText(readings.map { .tokens(Array($0.tokens.suffix(12))) })
    }
}
