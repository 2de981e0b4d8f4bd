import Testing

@testable import BraidInference

@Suite("Transformer")
struct TransformerTests {
    static let levels = KernelLevel.allCases.filter(\.isAvailable)

    @Test("logits agree with Hugging Face Transformers in f32", arguments: Fixture.all, levels)
    func agreesWithTransformers(_ fixture: Fixture, _ level: KernelLevel) throws {
        let folder = try fixture.model()
        let expected = try fixture.expected()
        let cached = try CachedTransformer(folder, level: level)
        let context = cached.cache.open()
        let logits = try cached.extend(context, expected.ids, chunk: 17)
        let reference = try fixture.logits("plain.f32")
        let difference = relativeDifference(logits, reference)
        #expect(difference < 1e-4, "largest difference \(difference) of a standard deviation")
        #expect(logits.map(likeliest) == reference.map(likeliest))
    }

    @Test("the oracle itself agrees with Transformers", arguments: Fixture.all)
    func oracleAgreesWithTransformers(_ fixture: Fixture) throws {
        let oracle = try DenseTransformer(try fixture.model())
        let expected = try fixture.expected()
        #expect(relativeDifference(oracle.logits(expected.ids).floats, try fixture.logits("plain.f32")) < 1e-4)
        let stitched = expected.stitched
        let logits = oracle.logits(stitched.ids, positions: stitched.positions) { i, j in
            !(stitched.hidden[i][0]..<stitched.hidden[i][1]).contains(j)
        }
        #expect(relativeDifference(logits.floats, try fixture.logits("stitched.f32")) < 1e-4)
    }

    @Test("a stitched join agrees with Transformers on the masked trajectory", arguments: Fixture.all, levels)
    func stitchAgreesWithTransformers(_ fixture: Fixture, _ level: KernelLevel) throws {
        let cached = try CachedTransformer(try fixture.model(), level: level)
        let stitched = try fixture.expected().stitched
        var ids = stitched.ids[...]
        func take(_ count: Int) -> [Int32] {
            defer { ids = ids.dropFirst(count) }
            return Array(ids.prefix(count))
        }
        let main = cached.cache.open()
        var logits = try cached.extend(main, take(stitched.prefix))
        let threads = try cached.cache.fork(main, count: stitched.threads.count)
        for part in try cached.step(zip(threads, stitched.threads).map { ($0, take($1)) }) { logits += part }
        try cached.cache.stitch(threads, into: main)
        logits += try cached.extend(main, take(stitched.own))
        let difference = relativeDifference(logits, try fixture.logits("stitched.f32"))
        #expect(difference < 1e-4, "largest difference \(difference) of a standard deviation")
        #expect(try cached.cache.view(of: main).positions == stitched.positions)
        cached.cache.release(main)
        #expect(cached.cache.pool.usedCount == 0)
    }

    @Test("a context's logits have the same bits alone and among 32 others, whatever the chunks and threads")
    func rowsDoNotDependOnTheirBatch() throws {
        for fixture in Fixture.all {
            let folder = try fixture.model()
            let ids = try fixture.expected().ids
            let alone = try CachedTransformer(folder, threads: 1)
            let expected = try alone.extend(alone.cache.open(), ids, chunk: 64)

            let crowded = try CachedTransformer(folder, threads: 2)
            let contexts = (0..<33).map { _ in crowded.cache.open() }
            var logits: [[Float]] = []
            for (index, token) in ids.enumerated() {
                let work = contexts.enumerated().map { number, context in
                    (context, [number == 20 ? token : Int32((index * 31 + number * 7) % 90)])
                }
                logits.append(try crowded.step(work)[20][0])
            }
            #expect(logits == expected)
        }
    }

    @Test(
        "AVX2 and AVX-512 compute the same bits",
        .enabled(if: KernelLevel.avx512.isAvailable, "this processor has no AVX-512"))
    func vectorLevelsAgreeExactly() throws {
        for fixture in Fixture.all {
            let ids = try fixture.expected().ids
            let logits = try [KernelLevel.avx2, .avx512].map { level in
                let cached = try CachedTransformer(try fixture.model(), level: level)
                return try cached.extend(cached.cache.open(), ids)
            }
            #expect(logits[0] == logits[1])
        }
    }
}

private func likeliest(_ logits: [Float]) -> Int? { logits.indices.max { logits[$0] < logits[$1] } }

extension [[Double]] {
    fileprivate var floats: [[Float]] { map { $0.map { Float($0) } } }
}
