import Braid
import Testing

@testable import BraidInference

/// Random programs of extend, fork and join against the dense forward pass of the whole trajectory.
@Suite("Fork and join programs")
struct ForkJoinProgramTests {
    /// One token of the trajectory, as the oracle needs it.
    struct Token {
        let id: TokenID
        let position: Int
        /// Indices of the earlier tokens that it sees.
        let sees: Set<Int>
        let logits: [Float]
    }

    /// Runs a random program and remembers everything it decoded.
    struct Program {
        let cached: CachedTransformer
        let vocabulary: Int
        var random: SeededGenerator
        var tokens: [Token] = []
        var threadCount = 0

        /// Appends random tokens to a context whose visible tokens are `view`.
        mutating func extend(_ context: ContextID, view: inout [Int], position: inout Int, count: Int) throws {
            let ids = (0..<count).map { _ in TokenID(Int.random(in: 0..<vocabulary, using: &random)) }
            let chunk = Int.random(in: 1...20, using: &random)
            for (id, logits) in zip(ids, try cached.extend(context, ids, chunk: chunk)) {
                tokens.append(Token(id: id, position: position, sees: Set(view), logits: logits))
                view.append(tokens.count - 1)
                position += 1
            }
        }

        mutating func run(_ context: ContextID, view: inout [Int], position: inout Int, depth: Int) throws {
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                try extend(context, view: &view, position: &position, count: Int.random(in: 0...22, using: &random))
                guard depth > 0, !view.isEmpty else { continue }
                let shared = view.count
                let threads = try cached.cache.fork(context, count: Int.random(in: 1...3, using: &random))
                var views: [[Int]] = [], ends: [Int] = []
                for thread in threads {
                    threadCount += 1
                    var (own, end) = (view, position)
                    try extend(thread, view: &own, position: &end, count: Int.random(in: 0...3, using: &random))
                    if Bool.random(using: &random) { try run(thread, view: &own, position: &end, depth: depth - 1) }
                    views.append(own)
                    ends.append(end)
                    check()
                }
                if Bool.random(using: &random) {
                    try cached.cache.stitch(threads, into: context)
                    for own in views { view += own[shared...] }
                    position = ends.reduce(position, max)
                } else {
                    for thread in threads { cached.cache.release(thread) }
                    // What the threads wrote is prefilled again: new tokens with new keys.
                    let count = Int.random(in: 1...20, using: &random)
                    try extend(context, view: &view, position: &position, count: count)
                }
                check()
            }
            try extend(context, view: &view, position: &position, count: Int.random(in: 1...5, using: &random))
        }

        func check() {
            #expect(cached.cache.invariantViolation() == nil)
        }
    }

    @Test("logits equal the dense-mask forward pass; all pages come back", arguments: Fixture.all, 0..<12)
    func programsAgreeWithTheOracle(_ fixture: Fixture, _ seed: Int) throws {
        try check(fixture, seed, type: .float32, tolerance: 1e-4)
    }

    @Test("smaller elements in the cache stay near", arguments: Fixture.all)
    func programsStayNearTheOracle(_ fixture: Fixture) throws {
        for (type, tolerance) in SharedAttentionTests.tolerances {
            for seed in 0..<4 { try check(fixture, seed, type: type, tolerance: tolerance) }
        }
    }

    private func check(_ fixture: Fixture, _ seed: Int, type: CacheType, tolerance: Double) throws {
        let folder = try fixture.model()
        let cached = try CachedTransformer(folder, pages: 512, type: type)
        var program = Program(
            cached: cached, vocabulary: folder.configuration.vocabularySize,
            random: SeededGenerator(seed: UInt64(seed)))
        let main = cached.cache.open()
        var (view, position) = ([Int](), 0)
        try program.run(main, view: &view, position: &position, depth: 3)
        let tokens = program.tokens
        let expected = try DenseTransformer(folder).logits(tokens.map(\.id), positions: tokens.map(\.position)) {
            tokens[$0].sees.contains($1)
        }
        let difference = relativeDifference(tokens.map(\.logits), expected)
        #expect(
            difference < tolerance,
            "\(type), seed \(seed), \(tokens.count) tokens: \(difference) of a standard deviation")
        #expect(try cached.cache.view(of: main).positions == view.map { tokens[$0].position })
        let statistics = cached.cache.statistics
        #expect(statistics.forkedThreads == program.threadCount)
        cached.cache.release(main)
        #expect(cached.cache.pool.usedCount == 0)
        #expect(cached.cache.contextCount == 0)
        #expect(cached.cache.invariantViolation() == nil)
    }
}
