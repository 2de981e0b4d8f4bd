import Braid
import Synchronization
import Testing

@Suite("A run does what its rules say, and tells why")
struct SteeredRunTests {
    static let three: [String: ScriptedEngine.Reply] = [
        "</Question>":
            "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline><Outline>3: c</Outline></Outlines>",
        "<Thread>1: a\n": " w w w w<Return> 2 + 2 = 4</Return></Thread>",
        "<Thread>2: b\n": "<Return> 2 + 2 = 5</Return></Thread>",
        "<Thread>3: c\n": "<Return> C</Return></Thread>",
        "</Parallel>": "<Answer> done</Answer>",
    ]

    static func actions(_ outcome: RunOutcome) -> [String] {
        outcome.trajectory.decisions.map { "\($0.action.rawValue) \($0.thread)" }
    }

    @Test("without a policy nothing is decided, and the record has no such field")
    func observing() async throws {
        let engine = ScriptedEngine(Self.three)
        let outcome = try await ReasoningRun.answer("q", by: Adaptive(), on: engine)
        #expect(outcome.trajectory.decisions.isEmpty)
        #expect(engine.state.withLock { $0.joinedPieces }.contains(.tokens(engine.tokens(of: " 2 + 2 = 5").map(\.id))))
    }

    @Test("a false return is shown as a failed one, and an answer by its number is none")
    func checkedJoin() async throws {
        var script = Self.three
        script["<Return>1: 2 + 2 = 4</Return><Return>2: none</Return><Return>3: C</Return></Parallel>"] =
            "<Answer>2:</Answer>"
        let engine = ScriptedEngine(script)
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, controller: ControllerPolicy(checks: [ArithmeticCheck()]))
        #expect(outcome.answer.text == nil)
        #expect(Self.actions(outcome) == ["refute 0.2"])
        #expect(outcome.trajectory.decisions.first?.reason == "2 + 2 = 5 is false")
        // The record keeps what the thread said.
        guard
            case .fork(let fork)? = outcome.trajectory.root.steps.first(where: {
                if case .fork = $0 { true } else { false }
            })
        else {
            Issue.record("no fork")
            return
        }
        #expect(fork.threads.map(\.returned) == ["2 + 2 = 4", "2 + 2 = 5", "C"])
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("a refuted thread is run again once, in the place of the first attempt")
    func retryRefuted() async throws {
        let attempts = Mutex(0)
        let engine = ScriptedEngine(onCall: { _ in }) { context in
            if context.hasSuffix("<Thread>2: b\n") {
                let attempt = attempts.withLock { count in
                    count += 1
                    return count
                }
                return attempt == 1 ? "<Return> 2 + 2 = 5</Return></Thread>" : "<Return> 2 + 2 = 4</Return></Thread>"
            }
            return Self.three.filter { context.hasSuffix($0.key) }.max { $0.key.count < $1.key.count }?.value ?? ""
        }
        let policy = ControllerPolicy(retry: RetryRule(coversRefuted: true), checks: [ArithmeticCheck()])
        let outcome = try await ReasoningRun.answer("q", by: Adaptive(), on: engine, controller: policy)
        #expect(outcome.answer.text == "done")
        #expect(Self.actions(outcome) == ["refute 0.2", "retry 0.4"])
        let joined = engine.state.withLock { $0.joinedPieces }
        #expect(!joined.contains(.text(" none")))
        #expect(joined.count { $0 == .tokens(engine.tokens(of: " 2 + 2 = 4").map(\.id)) } == 2)
        #expect(outcome.metrics.threads == 4)
        #expect(engine.state.withLock { $0.openContexts } == 0)
        #expect(engine.state.withLock { $0.violations }.isEmpty)
    }

    @Test("a thread that throws is run again, and twice is enough")
    func retryFailed() async throws {
        var script = Self.three
        script["<Thread>2: b\n"] = ScriptedEngine.Reply(" x", error: EngineError.failed("boom"))
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: ScriptedEngine(script), controller: ControllerPolicy(retry: RetryRule()))
        #expect(outcome.answer.text == "done")
        #expect(Self.actions(outcome) == ["retry 0.4"])
        #expect(AdaptiveTests.outcomes(outcome).count == 4)
    }

    @Test("the first checked result joins, and the others are cancelled")
    func firstVerified() async throws {
        struct Check: ReturnCheck {
            func verdict(on claim: ReturnClaim, for question: Question) -> ReturnVerdict {
                claim.text == "C" ? .verified : .unknown
            }
        }
        var script = Self.three
        script["<Thread>1: a\n"] = ScriptedEngine.Reply(" w", hangs: true)
        script["<Thread>2: b\n"] = ScriptedEngine.Reply(" w", hangs: true)
        let engine = ScriptedEngine(script)
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, controller: ControllerPolicy(join: .firstVerified, checks: [Check()]))
        #expect(outcome.answer.text == "done")
        #expect(AdaptiveTests.outcomes(outcome) == [.cancelled, .cancelled, .finished])
        #expect(Self.actions(outcome) == ["join 0", "cancel 0.1", "cancel 0.2"])
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("a quorum joins, a deadline joins, and a thread's own time cuts it")
    func quorumAndTime() async throws {
        var script = Self.three
        script["<Thread>1: a\n"] = ScriptedEngine.Reply(" late", hangs: true)
        let quorum = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: ScriptedEngine(script), controller: ControllerPolicy(join: .quorum(2)))
        #expect(quorum.answer.text == "done")
        #expect(AdaptiveTests.outcomes(quorum) == [.cancelled, .finished, .finished])

        for isThreadTime in [false, true] {
            let clock = ManualClock()
            let replies = script
            let engine = ScriptedEngine(
                onCall: { if $0 == .token(" late") { clock.advance(by: .seconds(7)) } },
                script: { context in
                    replies.filter { context.hasSuffix($0.key) }.max { $0.key.count < $1.key.count }?.value ?? ""
                })
            let outcome = try await ReasoningRun.answer(
                "q", by: Adaptive(), on: engine,
                budget: try Budget(threadTimeout: isThreadTime ? .seconds(5) : nil),
                controller: ControllerPolicy(join: isThreadTime ? .all : .deadline(.seconds(5))), clock: clock)
            #expect(outcome.answer.text == "done")
            let outcomes = AdaptiveTests.outcomes(outcome)
            #expect(outcomes.first == (isThreadTime ? .timedOut : .cancelled))
            #expect(Self.actions(outcome).contains(isThreadTime ? "timeOut 0.1" : "join 0"))
            #expect(engine.state.withLock { $0.openContexts } == 0)
        }
    }

    @Test("a thread near the window's end is made to return")
    func distil() async throws {
        let words = String(repeating: " w", count: 60)
        let engine = ScriptedEngine(
            [
                "</Question>": "<Parallel><Outlines><Outline>1: a</Outline></Outlines>",
                "<Thread>1: a\n": ScriptedEngine.Reply(words + "<Return> never</Return></Thread>"),
                "<Return>": " short</Return></Thread>",
                "</Return></Parallel>": "<Answer> done</Answer>",
            ], masksTokens: true, contextLength: 60)
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, controller: ControllerPolicy(window: WindowRule()))
        #expect(outcome.answer.text == "done")
        #expect(Self.actions(outcome) == ["distil 0.1"])
        #expect(engine.state.withLock { $0.joinedPieces }.contains(.tokens([engine.id(of: " short")])))
        #expect(outcome.metrics.isStructureValid)
        #expect(outcome.metrics.maximumContextTokens <= 60)
        // Without the rule it is cut and returns nothing.
        let cut = try await ReasoningRun.answer("q", by: Adaptive(), on: engine)
        #expect(AdaptiveTests.outcomes(cut) == [.contextFull])
    }

    @Test("an overlong thread is made to fork, and to return where it cannot")
    func split() async throws {
        let script: [String: ScriptedEngine.Reply] = [
            "</Question>": "<Parallel><Outlines><Outline>1: big</Outline></Outlines>",
            "<Thread>1: big\n": ScriptedEngine.Reply(String(repeating: " w", count: 60)),
            " w<Parallel>": "<Outlines><Outline>1: half</Outline><Outline>2: rest</Outline></Outlines>",
            "<Thread>1: half\n": "<Return> H</Return></Thread>",
            "<Thread>2: rest\n": "<Return> R</Return></Thread>",
            "<Return>1: H</Return><Return>2: R</Return></Parallel>": " so<Return> HR</Return></Thread>",
            " w<Return>": " all</Return></Thread>",
            "</Outlines><Return>1: HR</Return></Parallel>": "<Answer> forked</Answer>",
            "</Outlines><Return>1: all</Return></Parallel>": "<Answer> returned</Answer>",
        ]
        for depth in [1, 2] {
            let engine = ScriptedEngine(script, masksTokens: true)
            let outcome = try await ReasoningRun.answer(
                "q", by: Adaptive(), on: engine, budget: try Budget(maximumDepth: depth, tokensPerThread: 40),
                controller: ControllerPolicy(split: SplitRule()))
            #expect(outcome.answer.text == (depth == 2 ? "forked" : "returned"))
            #expect(Self.actions(outcome) == [depth == 2 ? "split 0.1" : "distil 0.1"])
            #expect(outcome.metrics.maximumDepth == depth)
            #expect(engine.state.withLock { $0.openContexts } == 0)
        }
    }

    @Test("equal outlines run once, and both show the result")
    func merge() async throws {
        let engine = ScriptedEngine([
            "</Question>":
                "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: A.</Outline><Outline>3: c</Outline></Outlines>",
            "<Thread>1: a\n": " w<Return> A</Return></Thread>",
            "<Thread>3: c\n": "<Return> C</Return></Thread>",
            "<Return>1: A</Return><Return>2: A</Return><Return>3: C</Return></Parallel>": "<Answer>2:</Answer>",
        ])
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, controller: ControllerPolicy(merge: MergeRule()))
        #expect(outcome.answer.text == "A")
        #expect(Self.actions(outcome) == ["merge 0.2"])
        #expect(outcome.metrics.threads == 2)
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("no more threads run at a time than pay")
    func width() async throws {
        let outlines = (1...6).map { "<Outline>\($0): x</Outline>" }.joined()
        let running = Mutex(0)
        let most = Mutex(0)
        let engine = ScriptedEngine(
            stepTimes: StepTimes([1: 1, 2: 1, 4: 4]),
            onCall: { call in
                if call == .token(" begin") {
                    let now = running.withLock { count in
                        count += 1
                        return count
                    }
                    most.withLock { $0 = max($0, now) }
                    // The first one waits until another runs beside it.
                    while most.withLock({ $0 }) < 2 { await Task.yield() }
                }
                if call == .token("</Thread>") { running.withLock { $0 -= 1 } }
            },
            script: { context in
                if context.hasSuffix("</Parallel>") { return "<Answer> done</Answer>" }
                return context.hasSuffix("</Question>")
                    ? ScriptedEngine.Reply("<Parallel><Outlines>\(outlines)</Outlines>")
                    : " begin w w w w<Return> r</Return></Thread>"
            })
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, controller: ControllerPolicy(width: WidthRule()))
        #expect(outcome.answer.text == "done")
        #expect(outcome.metrics.threads == 6)
        #expect(most.withLock { $0 } == 2)
    }

    @Test("a context that goes bad is made to return, forks become narrower, and threads return sooner")
    func health() async throws {
        let engine = ScriptedEngine(
            scores: { $0.split(separator: " ").count > 25 ? -9 : -2 },
            script: { context in
                if context.hasSuffix("</Question>") { return "<Parallel><Outlines><Outline>1: a</Outline></Outlines>" }
                if context.hasSuffix("<Return>") { return " enough</Return></Thread>" }
                if context.hasSuffix("</Parallel>") { return "<Answer> done</Answer>" }
                return ScriptedEngine.Reply(String(repeating: " w", count: 200))
            })
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, controller: ControllerPolicy(health: ContextHealthRule(interval: 12)))
        #expect(outcome.answer.text == "done")
        #expect(Self.actions(outcome) == ["distil 0.1", "narrow 0.1", "summariseSooner 0.1"])
        #expect(outcome.trajectory.decisions.first?.reason.contains("7.0 nats") == true)
    }

    @Test("every decision is an event, in order")
    func events() async throws {
        let run = try ReasoningRun(
            "q", by: Adaptive(), on: ScriptedEngine(Self.three),
            controller: ControllerPolicy(checks: [ArithmeticCheck()]))
        let outcome = try await run.answer()
        var decided: [ControllerDecision] = []
        for await event in run.events { if case .decided(let decision) = event { decided.append(decision) } }
        #expect(decided == outcome.trajectory.decisions)
        #expect(decided.count == 1)
    }
}
