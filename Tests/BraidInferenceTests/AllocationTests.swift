import Braid
import CAllocationCount
import Testing

@testable import BraidInference

/// Steady state: once everything has been needed once, a step costs no allocation but the growth of lists, which doubles
/// them each time.
@Suite(
    "Allocations of steps",
    .enabled(if: allocation_count() >= 0, "allocations are counted with the GNU C library and no sanitizer alone"))
struct AllocationTests {
    /// Allocations of this thread while `body` runs.
    static func count(_ body: () throws -> Void) rethrows -> Int {
        let before = allocation_count_of_thread()
        try body()
        return Int(allocation_count_of_thread() - before)
    }

    @Test("allocations are counted")
    func counts() {
        var lists: [[Int]] = []
        lists.reserveCapacity(10)
        #expect(Self.count { for number in 0..<10 { lists.append(Array(repeating: number, count: number + 1)) } } == 10)
        // Nobody may leave out what is looked at.
        #expect(lists.map(\.count) == Array(1...10))
    }

    @Test("a grammar in free text allocates nothing per token")
    func grammarMask() throws {
        let fixture = try EngineFixture()
        let vocabulary = ControlVocabulary(fixture.tokenizer)
        let text = try #require((0..<vocabulary.end).map { TokenID($0) }.first { vocabulary.tags[$0] == nil })
        var mask = GrammarMask(
            ControlGrammar(.braid, line: .main, maximumOutlines: 2), tokenizer: fixture.tokenizer,
            vocabulary: vocabulary)
        let first = try mask.next()
        mask.advance(text)
        #expect(try mask.next() == first)
        let allocations = try Self.count {
            for _ in 0..<100 {
                mask.advance(text)
                guard try mask.next() == first, mask.forced(limit: 4).isEmpty else {
                    Issue.record("free text goes on as free text")
                    return
                }
            }
        }
        #expect(allocations == 0)
        mask.advance(try #require(vocabulary.ids["<Parallel>"]))
        #expect(try mask.next() == .only([try #require(vocabulary.ids["<Outlines>"])]))
    }

    @Test("steps of a transformer allocate nothing", arguments: [1, 3], [1, 2])
    func transformerSteps(width: Int, threads: Int) throws {
        let fixture = try EngineFixture()
        let cached = try CachedTransformer(fixture.model, threads: threads)
        let main = cached.cache.open()
        _ = try cached.extend(main, (0..<70).map { TokenID($0 % 10) })
        let contexts = [main] + (try cached.cache.fork(main, count: width - 1))
        var batch = ForwardBatch()
        func step() throws {
            for context in contexts {
                let reservation = try cached.cache.append(1, to: context)
                if let copy = reservation.copy { cached.memory.perform(copy) }
                batch.append(
                    CollectionOfOne(1), at: reservation, in: try cached.cache.view(of: context), logits: .last)
            }
            _ = cached.transformer.forward(batch)
            batch.removeAll()
        }
        // Each context copies the page that it shares.
        for _ in 0..<20 { try step() }
        let steps = try (0..<60).map { _ in try Self.count(step) }
        // Every 16 tokens there is a page more, so lists of pages grow, seldom.
        #expect(steps.reduce(0, +) <= 4, "allocations of \(steps.count) steps: \(steps)")
        #expect(steps.count { $0 > 0 } <= 2)
    }
}
