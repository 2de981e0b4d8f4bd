import Braid
import Foundation
import Synchronization
import Testing

@testable import BraidInference

/// Random questions on an engine with little memory, a prefix tree and a crowd, against an engine with ample memory,
/// without a tree and without company. `BRAID_PROGRAMS` says how many (default 240).
@Suite("Engine programs")
struct EngineProgramTests {
    /// Bytes of a page of the fixture's model.
    static let pageBytes = 6144

    private static let programCount =
        ProcessInfo.processInfo.environment["BRAID_PROGRAMS"].flatMap(Int.init) ?? 240

    private func expectNothingLeft(_ engine: EmbeddedEngine) async throws {
        // Contexts of cancelled questions are closed when the last reader lets go of them.
        var statistics = try await engine.statistics
        for _ in 0..<5000 where statistics.openContexts > 0 {
            try await Task.sleep(for: .milliseconds(1))
            statistics = try await engine.statistics
        }
        #expect(statistics.openContexts == 0)
        #expect(statistics.usedPages == 0)
        try await engine.clearPrefixes()
        #expect(try await engine.statistics.cachedPages == 0)
    }

    @Test("little memory, company and what was cached before change no token", arguments: [false, true])
    func bitsAreEqual(mayStitch: Bool) async throws {
        let fixture = try EngineFixture(contextLength: 512)
        let vocabulary = fixture.tokenizer.vocabularySize
        let ample = try fixture.engine(
            EmbeddedEngineOptions(threads: 1, cacheBytes: 4096 * Self.pageBytes, keepsPrefixes: false))
        // Stitched contexts keep what they have, so a few of them must fit.
        let scarce = try fixture.engine(
            EmbeddedEngineOptions(
                threads: 1, cacheBytes: (mayStitch ? 40 : 34) * Self.pageBytes, speculates: true,
                maximumRows: mayStitch ? 24 : 8))
        var refused = 0
        let wave = 6
        for start in stride(from: 0, to: Self.programCount / 2, by: wave) {
            let programs = (start..<start + wave).map {
                EngineProgram(seed: UInt64($0), mayStitch: mayStitch, vocabularySize: vocabulary)
            }
            // One more that is killed on its way.
            let victim = EngineProgram(seed: UInt64(start), mayStitch: mayStitch, vocabularySize: vocabulary)
            let killed = Task { try await victim.run(on: scarce) }
            let runs = programs.map { program in Task { try await program.run(on: scarce) } }
            for _ in 0..<(start * 7 % 200) { await Task.yield() }
            killed.cancel()
            _ = await killed.result
            for (run, program) in zip(runs, programs) {
                let expected = try await program.run(on: ample)
                do {
                    let reading = try await run.value
                    #expect(reading == expected, "program \(program.seed)")
                } catch EngineError.outOfMemory where mayStitch {
                    refused += 1
                }
            }
        }
        let statistics = try await scarce.statistics
        #expect(statistics.cachedTokens > 0)
        #expect(statistics.preemptedContexts > 0)
        #expect(statistics.evictedPages > 0)
        #expect(statistics.recomputedTokens > 0)
        #expect(statistics.warmedTokens > 0)
        #expect(refused * 2 < Self.programCount, "\(refused) of \(Self.programCount / 2) programs found no memory")
        #expect(try await ample.statistics.preemptedContexts == 0)
        #expect(try await ample.statistics.cachedTokens == 0)
        try await expectNothingLeft(scarce)
        try await expectNothingLeft(ample)
        print("programs: \(Self.programCount / 2), may stitch: \(mayStitch), out of memory: \(refused), \(statistics)")
    }

    @Test("a question killed at any step leaves nothing behind", arguments: 0..<40)
    func kill(_ step: Int) async throws {
        let fixture = try EngineFixture(contextLength: 512)
        let engine = try fixture.engine(
            EmbeddedEngineOptions(threads: 1, cacheBytes: 40 * Self.pageBytes, speculates: true, maximumRows: 18))
        let hasEnded = Mutex(false)
        let program = EngineProgram(
            seed: UInt64(step % 4), mayStitch: true, vocabularySize: fixture.tokenizer.vocabularySize)
        let task = Task {
            defer { hasEnded.withLock { $0 = true } }
            _ = try await program.run(on: engine)
        }
        while try await engine.statistics.steps < step * 2, !hasEnded.withLock({ $0 }) {
            try await Task.sleep(for: .microseconds(100))
        }
        task.cancel()
        _ = await task.result
        try await expectNothingLeft(engine)
    }
}
