import Braid
import Synchronization
import Testing

@Suite("Results of subproblems are kept, bounded and apart")
struct SubproblemCacheTests {
    static func key(
        _ subtask: String, tenant: String = "a", facts: [String] = [], model: String = "m",
        sampling: SamplingParameters = .greedy, seed: UInt64 = 0
    ) -> SubproblemKey {
        SubproblemKey(tenant: tenant, subtask: subtask, facts: facts, model: model, sampling: sampling, seed: seed)
    }

    static func result(_ text: String) -> SubproblemResult {
        SubproblemResult(text: text, question: "q", thread: "0.1", tokens: 10, isVerified: false)
    }

    @Test("a result is found for the same subproblem only")
    func keys() {
        let cache = SubproblemCache()
        cache.keep(Self.result("5"), for: Self.key("Add 2 and 3"))
        #expect(cache.result(for: Self.key(" add 2  and 3. "))?.text == "5")
        #expect(cache.result(for: Self.key("add 2 and 3", seed: 9))?.text == "5", "greedy decoding has no seed")
        for other in [
            Self.key("add 2 and 4"), Self.key("add 2 and 3", tenant: "b"), Self.key("add 2 and 3", facts: ["x"]),
            Self.key("add 2 and 3", model: "n"), Self.key("add 2 and 3", sampling: .init(temperature: 1)),
        ] {
            #expect(cache.result(for: other) == nil)
        }
        let sampled = SamplingParameters(temperature: 1)
        cache.keep(Self.result("6"), for: Self.key("t", sampling: sampled, seed: 1))
        #expect(cache.result(for: Self.key("t", sampling: sampled, seed: 2)) == nil)
        let statistics = cache.statistics
        #expect(statistics.hits == 2 && statistics.misses == 6 && statistics.savedTokens == 20)
        #expect(statistics.hitRate == 0.25)
    }

    @Test("a cache begins with what is known, as far as there is room, and tells what it keeps")
    func known() {
        let told = Mutex<[String]>([])
        let known = (0..<4).map { (Self.key("t\($0)"), Self.result("\($0)")) }
        let cache = SubproblemCache(capacity: 3, known: known) { result, _ in told.withLock { $0.append(result.text) } }
        #expect(cache.count == 3)
        #expect(cache.result(for: Self.key("t0")) == nil)
        cache.keep(Self.result("new"), for: Self.key("t4"))
        #expect(cache.result(for: Self.key("t1")) == nil)
        #expect(cache.result(for: Self.key("t3"))?.text == "3")
        #expect(told.withLock { $0 } == ["new"])
    }

    @Test("the least recently used goes first, as in a slow and obvious cache", arguments: 0..<20)
    func order(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let cache = SubproblemCache(capacity: 8)
        var oracle: [(String, String)] = []
        for step in 0..<2000 {
            let name = "t\(Int.random(in: 0..<14, using: &random))"
            let place = oracle.firstIndex { $0.0 == name }
            if Bool.random(using: &random) {
                #expect(cache.result(for: Self.key(name))?.text == place.map { oracle[$0].1 })
                if let place { oracle.append(oracle.remove(at: place)) }
            } else {
                cache.keep(Self.result("\(step)"), for: Self.key(name))
                if let place { oracle.remove(at: place) }
                oracle.append((name, "\(step)"))
                if oracle.count > 8 { oracle.removeFirst() }
            }
            #expect(cache.count == oracle.count)
        }
    }
}
