import Braid
import CBraidKernels
import Testing

@testable import BraidInference

@Suite("Attention plan")
struct AttentionPlanTests {
    /// One slot that a row sees.
    struct Slot: Hashable {
        let page: Int32
        let slot: Int
        let rotation: Int32
    }

    /// What each row of the batch sees by its view.
    static func expected(_ batch: ForwardBatch) -> [[Slot]] {
        batch.rows.map { row in
            let all = batch.contexts[row.context].runs.flatMap { run in
                (Int(run.first)..<run.end).map { Slot(page: run.page, slot: $0, rotation: run.rotation) }
            }
            return Array(all.prefix(row.visible))
        }
    }

    /// What each row meets by the plan, in the order in which the kernel walks.
    static func met(_ plan: AttentionPlan, rows count: Int) -> [[Slot]] {
        var met = [[Slot]](repeating: [], count: count)
        for part in plan.parts {
            for span in plan.spans[part.spans] {
                let runs = plan.runs[Int(span.first_run)..<Int(span.first_run + span.run_count)]
                for row in plan.rows[part.rows].dropFirst(Int(span.first_row)).prefix(Int(span.row_count)) {
                    let output = Int(row.output)
                    #expect(met[output].count == min(Int(span.before), Int(row.visible)))
                    for run in runs {
                        for slot in Int(run.first)..<run.end where met[output].count < Int(row.visible) {
                            met[output].append(Slot(page: run.page, slot: slot, rotation: run.rotation))
                        }
                    }
                }
            }
        }
        return met
    }

    static func check(_ batch: ForwardBatch, group: Int, minimumParts: Int) {
        var plan = AttentionPlan()
        // What is left of another plan must not show.
        plan.make(for: batch, group: group + 1, minimumParts: minimumParts + 1)
        plan.make(for: batch, group: group, minimumParts: minimumParts)
        #expect(met(plan, rows: batch.rows.count) == expected(batch))
        #expect(plan.rows.map(\.output).sorted() == batch.rows.indices.map(Int32.init))
        #expect(plan.parts.count >= min(minimumParts, batch.rows.count))
        #expect(plan.parts.allSatisfy { $0.rows.count == 1 || $0.rows.count * group <= 32 + group })
        #expect(plan.queries == batch.rows.indices.map { $0 })
    }

    @Test("each row meets each of its runs once and in order, over random trees", arguments: 0..<60)
    func coversRandomTrees(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var cache = KVCache(pageCount: 4000)
        var contexts = [cache.open()]
        _ = try cache.append(Int.random(in: 1...40, using: &random), to: contexts[0])
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let context = contexts[Int.random(in: 0..<contexts.count, using: &random)]
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1: contexts += try cache.fork(context, count: Int.random(in: 1...4, using: &random))
            case 2: _ = try cache.append(Int.random(in: 1...70, using: &random), to: context)
            default:
                let threads = try cache.fork(context, count: 2)
                for thread in threads { _ = try cache.append(Int.random(in: 1...20, using: &random), to: thread) }
                try cache.stitch(threads, into: context)
            }
        }
        contexts.shuffle(using: &random)
        var batch = ForwardBatch()
        for context in contexts where !Int.random(in: 0..<4, using: &random).isMultiple(of: 4) {
            // A chunk somewhere in a reservation.
            let count = Int.random(in: 1...40, using: &random)
            let reservation = try cache.append(count, to: context)
            let offset = Int.random(in: 0..<count, using: &random)
            let length = Int.random(in: 1...count - offset, using: &random)
            batch.append(
                [TokenID](repeating: 0, count: length), at: reservation, offset: offset,
                in: try cache.view(of: context), logits: .none)
        }
        Self.check(batch, group: Int.random(in: 1...8, using: &random), minimumParts: seed % 5)
    }

    @Test("what forked threads share is listed once, at every depth")
    func sharesAtEveryDepth() throws {
        var cache = KVCache(pageCount: 100)
        let main = cache.open()
        _ = try cache.append(16 * 10, to: main)
        let threads = try cache.fork(main, count: 3)
        for thread in threads { _ = try cache.append(16 * 2, to: thread) }
        let nested = try cache.fork(threads[1], count: 2)
        var batch = ForwardBatch()
        for context in [threads[0], nested[0], threads[2], nested[1]] {
            let reservation = try cache.append(1, to: context)
            batch.append([0], at: reservation, in: try cache.view(of: context), logits: .none)
        }
        Self.check(batch, group: 2, minimumParts: 1)
        var plan = AttentionPlan()
        plan.make(for: batch, group: 2)
        // The prefix once, each thread's two pages once, and a page of its own for every row.
        #expect(plan.runs.count == 10 + 3 * 2 + 4)
        #expect(plan.parts.count == 1)
        #expect(plan.spans.map(\.row_count) == [4, 1, 2, 1, 1, 1])
    }

    @Test("an empty batch needs nothing")
    func emptyBatch() {
        var plan = AttentionPlan()
        plan.make(for: ForwardBatch(), group: 3, minimumParts: 4)
        #expect(plan.parts.isEmpty && plan.spans.isEmpty && plan.queryCount == 0)
    }

    @Test("a row of several rotations has its queries behind all rows")
    func placesTurnedQueries() throws {
        var cache = KVCache(pageCount: 10)
        let first = cache.open(), second = cache.open()
        let other = try cache.append(3, to: first)
        var view = ContextView()
        view.adopt(try cache.view(of: first), droppingFirst: 0, shiftedBy: 5)
        let reservation = try cache.append(2, to: second)
        view.append(page: reservation.slots[0].page, first: 0, count: 2)
        var batch = ForwardBatch()
        batch.append([0], at: other, in: try cache.view(of: first), logits: .none)
        var shifted = reservation
        (shifted.firstPosition, shifted.firstIndex) = (8, 3)
        batch.append([0, 0], at: shifted, in: view, logits: .none)
        var plan = AttentionPlan()
        plan.make(for: batch, group: 1)
        #expect(view.shifts == [0, 5])
        #expect(plan.queries == [0, 3, 5])
        #expect(plan.queryCount == 7)
        #expect(plan.rows.map(\.query) == [0, 3, 5])
    }
}
