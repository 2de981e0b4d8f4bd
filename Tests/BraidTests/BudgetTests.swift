import Braid
import Synchronization
import Testing

@Suite("Budgets cut and the run goes on")
struct BudgetTests {
    static let wide: [String: ScriptedEngine.Reply] = [
        "</Question>":
            "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline><Outline>3: c</Outline></Outlines>",
        "<Thread>1: a\n": " w w w w w w w w w w w w<Return> A</Return></Thread>",
        "<Thread>2: b\n": "<Return> B</Return></Thread>",
        "<Thread>3: c\n": "<Return> C</Return></Thread>",
        "</Parallel>": "<Answer> done</Answer>",
    ]

    @Test("a thread is cut by its own limit, and the join shows the failed return")
    func threadLimit() async throws {
        let engine = ScriptedEngine(Self.wide)
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, budget: try Budget(tokensPerThread: 6))
        #expect(outcome.answer == Answer(text: "done"))
        #expect(AdaptiveTests.outcomes(outcome) == [.tokenLimit, .finished, .finished])
        #expect(outcome.trajectory.cutCount == 1)
        #expect(engine.state.withLock { $0.joinedPieces }.contains(.text(" none")))
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("threads beyond the budget do not start")
    func threadCount() async throws {
        let engine = ScriptedEngine(Self.wide)
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, budget: try Budget(maximumThreads: 2))
        #expect(outcome.answer.text == "done")
        #expect(outcome.metrics.threads == 2)
        #expect(
            AdaptiveTests.outcomes(outcome)
                == [.finished, .finished, .failed("not started: the budget of 2 threads is used up")])
    }

    @Test("the main line is cut by the total, and the outcome says so")
    func totalTokens() async throws {
        let engine = ScriptedEngine(["</Question>": " a b c d e f g h i j<Answer> 1</Answer>"])
        let outcome = try await ReasoningRun.answer("q", by: Adaptive(), on: engine, budget: try Budget(totalTokens: 5))
        #expect(outcome.answer == Answer(text: nil, outcome: .tokenLimit))
        #expect(outcome.metrics.totalTokens == 5)
        #expect(outcome.answer.whyIncomplete?.contains("budget") == true)
    }

    @Test("threads leave the main line its share")
    func reserve() async throws {
        let engine = ScriptedEngine([
            "</Question>": "<Parallel><Outlines><Outline>1: a</Outline></Outlines>",
            "<Thread>1: a\n": ScriptedEngine.Reply(String(repeating: " w", count: 100)),
            "</Parallel>": "<Answer> ok</Answer>",
        ])
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, budget: try Budget(totalTokens: 40))
        #expect(outcome.answer.text == "ok")
        #expect(AdaptiveTests.outcomes(outcome) == [.tokenLimit])
        #expect(outcome.metrics.totalTokens <= 40)
    }

    @Test("depth 0 forbids forking to an engine that masks")
    func depthZero() async throws {
        let engine = ScriptedEngine(Self.wide, masksTokens: true)
        await #expect(throws: EngineError.self) {
            try await ReasoningRun.answer("q", by: Adaptive(), on: engine, budget: try Budget(maximumDepth: 0))
        }
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("a context that is full ends the line")
    func contextFull() async throws {
        let engine = ScriptedEngine(["</Question>": " a b c d e f<Answer> 1</Answer>"], contextLength: 6)
        let outcome = try await ReasoningRun.answer("q", by: Adaptive(), on: engine)
        #expect(outcome.answer.outcome == .contextFull)
    }

    @Test("a join that does not fit ends the line")
    func joinDoesNotFit() async throws {
        let engine = ScriptedEngine(Self.wide, contextLength: 28)
        let outcome = try await ReasoningRun.answer("q", by: Adaptive(), on: engine)
        #expect(outcome.answer.outcome == .contextFull)
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("the deadline ends a run that waits for its engine")
    func deadlineWhileWaiting() async throws {
        let clock = ManualClock()
        let engine = ScriptedEngine(
            onCall: { if $0 == .token(" stop") { clock.advance(by: .seconds(10)) } },
            script: { _ in ScriptedEngine.Reply(" a stop", hangs: true) })
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, budget: try Budget(deadline: .seconds(5)), clock: clock)
        #expect(outcome.answer == Answer(text: nil, outcome: .timedOut))
        #expect(outcome.trajectory.root.outcome == .timedOut)
        #expect(outcome.trajectory.seconds == 10)
        #expect(outcome.metrics.totalTokens == 2)
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("the deadline in a thread ends the run, with the partial record")
    func deadlineInThread() async throws {
        let clock = ManualClock()
        let engine = ScriptedEngine(
            onCall: { if $0 == .token(" late") { clock.advance(by: .seconds(10)) } },
            script: { context in
                context.hasSuffix("</Question>")
                    ? "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline></Outlines>"
                    : ScriptedEngine.Reply(" a late", hangs: true)
            })
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, budget: try Budget(deadline: .seconds(5)), clock: clock)
        #expect(outcome.answer.outcome == .timedOut)
        #expect(AdaptiveTests.outcomes(outcome) == [.timedOut, .timedOut])
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("numbers outside their range are refused")
    func validation() throws {
        #expect(throws: BudgetError.outOfRange(name: "maximumThreads", value: 0, allowed: 1...256)) {
            try Budget(maximumThreads: 0)
        }
        #expect(throws: BudgetError.outOfRange(name: "maximumThreads", value: 257, allowed: 1...256)) {
            try Budget(maximumThreads: 257)
        }
        #expect(throws: BudgetError.self) { try Budget(maximumDepth: -1) }
        #expect(throws: BudgetError.self) { try Budget(tokensPerThread: Int.max) }
        #expect(throws: BudgetError.deadlineNotPositive(.zero)) { try Budget(deadline: .zero) }
        #expect(try Budget(maximumThreads: 256).maximumThreads == 256)
    }

    @Test("the ledger grants no more threads than there are")
    func ledger() throws {
        var ledger = BudgetLedger(try Budget(maximumThreads: 5, maximumDepth: 2))
        #expect(ledger.grantThreads(3, depth: 0) == 3)
        #expect(ledger.grantThreads(3, depth: 1) == 2)
        #expect(ledger.grantThreads(1, depth: 0) == 0)
        #expect(ledger.forkableThreads(depth: 2) == 0)
        #expect(ledger.grantThreads(-4, depth: 0) == 0)
    }
}
