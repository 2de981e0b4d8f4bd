import Braid
import Synchronization
import Testing

@Suite("Join warm-up")
struct JoinWarmUpTests {
    private static let script: [String: ScriptedEngine.Reply] = [
        "</Question>":
            "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline><Outline>3: c</Outline></Outlines>",
        "<Thread>1: a\n": "<Return> A</Return></Thread>",
        "<Thread>2: b\n": " x<Return> B</Return></Thread>",
        "<Thread>3: c\n": " last<Return> C</Return></Thread>",
        "<Return>1: A</Return><Return>2: B</Return><Return>3: C</Return></Parallel>": "<Answer> ABC</Answer>",
    ]

    /// Runs with one thread held until as much as can be known of the join was handed over.
    private func run(holding word: String, until count: Int, failing: Bool = false) async throws -> (
        RunOutcome, ScriptedEngine
    ) {
        let seen = Mutex<ScriptedEngine?>(nil)
        let engine = ScriptedEngine(
            failsWarmUps: failing,
            onCall: { call in
                guard call == .token(word) else { return }
                // Bounded, so that a run that hands nothing over fails instead of hanging.
                for _ in 0..<100_000 {
                    let engine = seen.withLock { $0 }
                    let pieces = engine?.state.withLock { $0.warmedTexts.last?.pieces.count ?? 0 } ?? 0
                    if pieces >= count * 4 { return }
                    await Task.yield()
                }
            },
            script: { context in
                Self.script.filter { context.hasSuffix($0.key) }.max { $0.key.count < $1.key.count }?.value ?? ""
            })
        seen.withLock { $0 = engine }
        return (try await ReasoningRun.answer("go", by: Adaptive(), on: engine), engine)
    }

    @Test("what finished threads show is handed over in outline order, and is what the join begins with")
    func handsOver() async throws {
        let (outcome, engine) = try await run(holding: " last", until: 2)
        #expect(outcome.answer.text == "ABC")
        let (warmed, joined) = engine.state.withLock { ($0.warmedTexts, $0.joinedPieces) }
        #expect(warmed.last?.pieces.count == 8)
        for text in warmed { #expect(Array(joined.prefix(text.pieces.count)) == text.pieces) }
    }

    @Test("a thread that ends before those in front of it waits for them")
    func keepsOrder() async throws {
        let (outcome, engine) = try await run(holding: " x", until: 1)
        #expect(outcome.answer.text == "ABC")
        for text in engine.state.withLock({ $0.warmedTexts }) { #expect(text.pieces[1] == .text("1:")) }
    }

    @Test("an engine that cannot follow the hint changes nothing, and the record is the same")
    func failureIsHarmless() async throws {
        let (warmed, _) = try await run(holding: " last", until: 2)
        let (failing, engine) = try await run(holding: " last", until: 2, failing: true)
        #expect(failing.answer == warmed.answer)
        #expect(failing.metrics.totalTokens == warmed.metrics.totalTokens)
        #expect(failing.metrics.criticalPathTokens == warmed.metrics.criticalPathTokens)
        func shape(_ outcome: RunOutcome) -> [String] {
            outcome.trajectory.root.steps.map { step in
                switch step {
                case .segment(let segment): "\(segment.origin) \(segment.text) \(segment.tokenCount)"
                case .fork(let fork): "fork \(fork.threads.map(\.id)) \(fork.join.map { "\($0)" } ?? "")"
                }
            }
        }
        #expect(shape(failing) == shape(warmed))
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }
}
