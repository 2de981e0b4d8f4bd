import Braid
import Testing

@testable import BraidInference

/// Hogwild!, Group Think, Multiverse and ParaThinker against dense computations in PyTorch over random programs.
@Suite("Views of the published systems")
struct ViewProgramTests {
    /// Runs the rounds of a group.
    private func logits(
        _ rounds: [ViewFixture.Program.Round], of program: ViewFixture.Program, on cached: CachedTransformer
    )
        throws -> [[Float]]
    {
        let main = cached.cache.open()
        _ = try cached.extend(main, try #require(program.prompt))
        var group = try CachedGroup(
            main, of: cached, count: try #require(program.members), parts: program.parts.map { $0.map(\.text) },
            length: program.length ?? 0)
        var logits: [[Float]] = []
        for round in rounds {
            logits += try group.step(round.feed.map { ($0.member, $0.tokens) }).flatMap { $0 }
            for member in round.publish { try group.publish(member) }
            #expect(cached.cache.invariantViolation() == nil)
        }
        group.release()
        cached.cache.release(main)
        return logits
    }

    /// Runs operations on contexts that fork and stitch.
    private func logits(_ operations: [ViewFixture.Program.Operation], on cached: CachedTransformer) throws -> [[Float]]
    {
        let main = cached.cache.open()
        var contexts: [Int: (context: ContextID, thought: Int)] = [0: (main, 0)]
        var logits: [[Float]] = []
        for operation in operations {
            if let number = operation.extend {
                let (context, thought) = try #require(contexts[number])
                logits += try cached.extend(context, try #require(operation.tokens), chunk: 3, thought: thought)
            } else if let number = operation.fork {
                let threads = try #require(operation.threads), isNumbered = operation.numbered ?? false
                let (context, thought) = try #require(contexts[number])
                let forked = try cached.cache.fork(context, count: threads.count)
                for (index, (thread, context)) in zip(threads, forked).enumerated() {
                    if isNumbered { cached.cache.seal(context) }
                    contexts[thread] = (context, isNumbered ? index + 1 : thought)
                }
            } else {
                let parent = try #require(operation.stitch)
                let (context, _) = try #require(contexts[parent])
                let threads = try #require(operation.threads).compactMap { contexts[$0]?.context }
                try cached.cache.stitch(threads, into: context)
            }
            #expect(cached.cache.invariantViolation() == nil)
        }
        cached.cache.release(main)
        return logits
    }

    @Test("logits equal a dense computation in PyTorch", arguments: ViewFixture.all, TransformerTests.levels)
    func logitsAgree(_ fixture: ViewFixture, _ level: KernelLevel) throws {
        let source = try ModelSource(contentsOf: fixture.folder)
        let cached = try CachedTransformer(source, level: level)
        let programs = try fixture.programs()
        let expected = try fixture.logits(programs, vocabulary: source.configuration.vocabularySize)
        var worst = 0.0
        for (index, program) in programs.enumerated() {
            let actual =
                if let rounds = program.rounds {
                    try logits(rounds, of: program, on: cached)
                } else {
                    try logits(try #require(program.operations), on: cached)
                }
            let difference = relativeDifference(actual, expected[index])
            #expect(difference < 1e-4, "program \(index): \(difference) of a standard deviation")
            worst = max(worst, difference)
        }
        #expect(cached.cache.contextCount == 0)
        #expect(cached.cache.pool.usedCount == 0)
        print("\(fixture.testDescription), \(level): \(programs.count) programs, largest difference \(worst)")
    }
}
