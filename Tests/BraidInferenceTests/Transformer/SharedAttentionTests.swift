import Braid
import CBraidKernels
import Testing

@testable import BraidInference

@Suite("Shared attention")
struct SharedAttentionTests {
    static let types: [CacheType] = [.float32, .float16, .int8]
    /// The largest difference of any logit, in standard deviations. The fixtures' models are tiny and random, and their
    /// attention is sharp: f16 was seen at 8e-3 and int8 at 0.15. Trained models are milder, see the tests of the built-in one.
    static let tolerances: [(type: CacheType, tolerance: Double)] = [(.float16, 2e-2), (.int8, 0.3)]

    /// Threads of a fork, some forked again: logits of their tokens, in steps of all together or each by itself.
    private func logits(
        _ fixture: Fixture, type: CacheType, level: KernelLevel, threads: Int, together: Bool
    ) throws -> [[[Float]]] {
        let folder = try fixture.model()
        let ids = try fixture.expected().ids
        let cached = try CachedTransformer(folder, level: level, threads: threads, type: type)
        let main = cached.cache.open()
        _ = try cached.extend(main, ids, chunk: together ? 64 : 5)
        var contexts = try cached.cache.fork(main, count: 7)
        contexts += try cached.cache.fork(contexts[2], count: 2)
        var logits = [[[Float]]](repeating: [], count: contexts.count)
        for step in 0..<20 {
            if step == 6 {
                contexts += try cached.cache.fork(contexts[0], count: 3)
                logits += [[], [], []]
            }
            let work = contexts.indices.map { index in
                (contexts[index], [TokenID((step * 17 + index * 5) % 90)])
            }
            if together {
                for (index, part) in try cached.step(work).enumerated() { logits[index] += part }
            } else {
                for index in contexts.indices.reversed() { logits[index] += try cached.step([work[index]])[0] }
            }
        }
        return logits
    }

    @Test(
        "threads have the same bits together and alone, on one thread and two", arguments: Fixture.all, types)
    func bitsDoNotDependOnTheGroup(_ fixture: Fixture, _ type: CacheType) throws {
        for level in TransformerTests.levels {
            let expected = try logits(fixture, type: type, level: level, threads: 1, together: false)
            for threads in 1...2 {
                #expect(
                    try logits(fixture, type: type, level: level, threads: threads, together: true) == expected,
                    "\(level), \(threads) threads")
            }
        }
    }

    @Test("smaller elements stay near f32", arguments: Fixture.all, TransformerTests.levels)
    func smallerElementsStayNear(_ fixture: Fixture, _ level: KernelLevel) throws {
        let expected = try fixture.logits("plain.f32")
        for (type, tolerance) in Self.tolerances {
            let cached = try CachedTransformer(try fixture.model(), level: level, type: type)
            let logits = try cached.extend(cached.cache.open(), try fixture.expected().ids, chunk: 17)
            let difference = relativeDifference(logits, expected)
            #expect(difference < tolerance, "\(type): \(difference) of a standard deviation")
            #expect(difference > 1e-4, "\(type) does not seem to be used")
        }
    }

    @Test("memory is pages times their size")
    func memoryIsPagesTimesSize() throws {
        let configuration = try RandomModel.configuration()
        let bytes = Self.types.map {
            KVMemory(shape: Transformer.kvShape(of: configuration, type: $0), pageCount: 10).byteCount
        }
        // 4 layers, 4 heads, 64 keys and 64 values of 16 positions.
        let elements = 10 * 4 * 4 * 128 * 16
        #expect(bytes == [4 * elements, 2 * elements, elements + 10 * 4 * 4 * 128])
    }

    /// Two workers that see each other's tokens before their own: [common, the other's shifted, own].
    @Test("shifted spans agree with explicitly turned keys", arguments: Fixture.all, TransformerTests.levels)
    func shiftedSpansAgreeWithTheOracle(_ fixture: Fixture, _ level: KernelLevel) throws {
        let folder = try fixture.model()
        let vocabulary = folder.configuration.vocabularySize
        let cached = try CachedTransformer(folder, level: level)
        var random = SeededGenerator(seed: 7)
        func tokens(_ count: Int) -> [TokenID] {
            (0..<count).map { _ in TokenID(Int.random(in: 0..<vocabulary, using: &random)) }
        }
        // A common part, what two workers wrote after it, and what a third writes that sees both: the first where it
        // is, the second behind the first, and a stranger's text before position 0, which needs a negative shift.
        let parts = [tokens(21), tokens(18), tokens(5), tokens(9), tokens(20)]
        let common = cached.cache.open(), stranger = cached.cache.open()
        var actual = try cached.extend(common, parts[0])
        let workers = try cached.cache.fork(common, count: 2)
        actual += try cached.extend(workers[0], parts[1])
        actual += try cached.extend(workers[1], parts[2])
        actual += try cached.extend(stranger, parts[3])

        var view = ContextView()
        view.adopt(try cached.cache.view(of: stranger), droppingFirst: 0, shiftedBy: -12)
        view.adopt(try cached.cache.view(of: workers[0]), droppingFirst: 0)
        view.adopt(try cached.cache.view(of: workers[1]), droppingFirst: parts[0].count, shiftedBy: parts[1].count)
        let end = parts[0].count + parts[1].count + parts[2].count
        #expect(view.nextPosition == end)
        #expect(view.shifts == [0, -12, 18])
        #expect(view.positions.suffix(6) == Array(end - 6..<end))
        // The third's own tokens, written by a context of its own at the positions that its view gives them.
        let own = cached.cache.open()
        var reservation = try cached.cache.append(parts[4].count, to: own)
        (reservation.firstPosition, reservation.firstIndex) = (view.nextPosition, view.tokenCount)
        for run in try cached.cache.view(of: own).runs {
            view.append(page: run.pageID, first: Int(run.first), count: Int(run.count))
        }
        var batch = ForwardBatch()
        let rows = batch.append(parts[4], at: reservation, in: view, logits: .all)
        let logits = cached.transformer.forward(batch)
        actual += rows.map { Array(logits[$0]) }

        let owner = parts.indices.flatMap { part in parts[part].map { _ in part } }
        let positions =
            Array(0..<21) + Array(21..<39) + Array(21..<26) + Array(0..<9) + Array(end..<end + parts[4].count)
        let expected = try DenseTransformer(folder).logits(
            parts.flatMap { $0 }, positions: positions,
            shift: { i, j in owner[i] == 4 ? [0, 0, 18, -12, 0][owner[j]] : 0 },
            sees: { i, j in
                switch owner[i] {
                case 1, 2: owner[j] == 0 || owner[j] == owner[i]
                case 4: true
                default: owner[j] == owner[i]
                }
            })
        let difference = relativeDifference(actual, expected)
        #expect(difference < 1e-4, "largest difference \(difference) of a standard deviation")
    }
}
