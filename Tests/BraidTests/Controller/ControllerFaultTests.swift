import Braid
import Foundation
import Synchronization
import Testing

@Suite("Whatever goes wrong, a run ends in time, within its budget, and tells the truth")
struct ControllerFaultTests {
    /// Checks a token's text, as the exact checks of the evaluation do.
    struct GoldCheck: ReturnCheck {
        func verdict(on claim: ReturnClaim, for question: Question) -> ReturnVerdict {
            if claim.text == "gold" { return .verified }
            return claim.text == "lead" ? .refuted("it is lead") : .unknown
        }
    }

    /// One decode step of the scripted engine.
    static let step = Duration.milliseconds(10)

    /// An engine of which each token takes a step, and whose threads do whatever the seed says.
    static func engine(seed: UInt64, clock: ManualClock, masksTokens: Bool) -> ScriptedEngine {
        let draws = Mutex(SeededGenerator(seed: seed))
        return ScriptedEngine(
            contextLength: 400, masksTokens: masksTokens, scores: { _ in -1 },
            onCall: { if case .token = $0 { clock.advance(by: step) } },
            script: { context in
                draws.withLock { random in
                    let words = String(repeating: " w", count: Int.random(in: 0...30, using: &random))
                    if context.hasSuffix("<Return>") { return " late</Return></Thread>" }
                    if context.hasSuffix("<Parallel>") { return ScriptedEngine.Reply(outlines(&random)) }
                    let block = ScriptedEngine.Reply(words + "<Parallel>" + outlines(&random))
                    let isThread = context.contains("<Thread>") && !context.hasSuffix("</Parallel>")
                    let failure = Int.random(in: 0...9, using: &random)
                    if failure == 0 { return ScriptedEngine.Reply(words, error: EngineError.failed("boom")) }
                    if failure == 1 { return ScriptedEngine.Reply(words + " late", hangs: true) }
                    if failure == 2 { return ScriptedEngine.Reply(String(repeating: " w", count: 500)) }
                    if failure == 3, isThread, !masksTokens { return ScriptedEngine.Reply(words + "</Thread>") }
                    if !isThread {
                        let mayFork = !context.contains("</Parallel>") || failure == 4
                        return mayFork ? block : ScriptedEngine.Reply(words + "<Answer> a</Answer>")
                    }
                    if failure == 5 { return block }
                    let found = ["gold", "lead", "tin", "none"].randomElement(using: &random) ?? "tin"
                    return ScriptedEngine.Reply(words + "<Return> \(found)</Return></Thread>")
                }
            })
    }

    static func outlines(_ random: inout SeededGenerator) -> String {
        let count = Int.random(in: 1...6, using: &random)
        let outlines = (1...count).map { number in
            "<Outline>\(number): \(["x", "y", "z\(number)"].randomElement(using: &random) ?? "x")</Outline>"
        }
        return "<Outlines>" + outlines.joined() + "</Outlines>"
    }

    static func policy(_ random: inout SeededGenerator) -> ControllerPolicy {
        let joins: [JoinPolicy] = [
            .all, .firstVerified, .quorum(Int.random(in: 1...3, using: &random)),
            .deadline(.milliseconds(Int.random(in: 1...400, using: &random))),
        ]
        func maybe<Rule>(_ rule: Rule) -> Rule? { Bool.random(using: &random) ? rule : nil }
        return ControllerPolicy(
            join: joins.randomElement(using: &random) ?? .all, window: maybe(WindowRule()), split: maybe(SplitRule()),
            retry: maybe(RetryRule(coversRefuted: true)), merge: maybe(MergeRule()),
            health: maybe(ContextHealthRule(interval: 16)), width: maybe(WidthRule()),
            checks: Bool.random(using: &random) ? [GoldCheck()] : [])
    }

    /// How many random schedules are run; set `BRAID_SCHEDULES` for another number.
    static let scheduleCount = ProcessInfo.processInfo.environment["BRAID_SCHEDULES"].flatMap { Int($0) } ?? 1000

    @Test("random schedules of threads that never stop, are cut, fail and contradict", arguments: 0..<8)
    func schedules(part: Int) async throws {
        for number in stride(from: part, to: Self.scheduleCount, by: 8) {
            try await Self.schedule(UInt64(number))
        }
    }

    static func schedule(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let clock = ManualClock()
        let engine = engine(seed: seed &+ 1, clock: clock, masksTokens: Bool.random(using: &random))
        let deadline = Duration.milliseconds(Int.random(in: 50...3000, using: &random))
        let budget = try Budget(
            maximumThreads: Int.random(in: 1...12, using: &random), maximumDepth: Int.random(in: 0...3, using: &random),
            tokensPerThread: Int.random(in: 5...120, using: &random),
            totalTokens: Int.random(in: 20...600, using: &random),
            deadline: deadline, threadTimeout: Bool.random(using: &random) ? .milliseconds(300) : nil)
        let run = try ReasoningRun(
            "q", by: Adaptive(), on: engine, budget: budget, seed: seed, controller: policy(&random), clock: clock)
        // A model that hangs is what deadlines are for; the clock goes on by itself then.
        let ticking = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(2))
                clock.advance(by: step)
            }
        }
        defer { ticking.cancel() }
        do {
            _ = try await run.answer()
        } catch let error as EngineError {
            // The main line's own failure is thrown; the record has all that was before.
            #expect(run.trajectory.root.outcome == .failed("\(error)"), "seed \(seed)")
        }
        let trajectory = run.trajectory
        let metrics = TrajectoryMetrics(trajectory)
        // Tokens that other threads were decoding when the budget ended: one step of each.
        #expect(metrics.totalTokens <= budget.totalTokens + budget.maximumThreads, "seed \(seed)")
        #expect(metrics.threads <= budget.maximumThreads, "seed \(seed)")
        #expect(metrics.maximumDepth <= budget.maximumDepth, "seed \(seed)")
        #expect(metrics.maximumContextTokens <= 400, "seed \(seed)")
        #expect(engine.state.withLock { $0.openContexts } == 0, "seed \(seed)")
        #expect(engine.state.withLock { $0.violations } == [], "seed \(seed)")
        check(trajectory.root, seed: seed)
        if let outcome = trajectory.answer?.outcome, outcome == .timedOut {
            #expect(trajectory.root.outcome == .timedOut, "seed \(seed)")
            #expect(trajectory.seconds >= seconds(deadline), "seed \(seed)")
        }
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    /// Every line of the record has ended, and a refuted one never counts as usable.
    static func check(_ thread: ReasoningThread, seed: UInt64) {
        #expect(thread.outcome != nil, "seed \(seed): \(thread.id) has not ended")
        for case .fork(let fork) in thread.steps { for child in fork.threads { check(child, seed: seed) } }
    }

    @Test("the deadline holds to one decode step, whatever the threads do", arguments: 0..<200)
    func deadline(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let clock = ManualClock()
        let limit = Duration.milliseconds(10 * Int.random(in: 1...60, using: &random))
        let step = Self.step
        let engine = ScriptedEngine(
            onCall: { if case .token = $0 { clock.advance(by: step) } },
            script: { context in
                if context.hasSuffix("</Question>") {
                    return "<Parallel><Outlines><Outline>1: a</Outline></Outlines>"
                }
                return ScriptedEngine.Reply(String(repeating: " w", count: 1000))
            })
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, budget: try Budget(deadline: limit),
            controller: ControllerPolicy(retry: RetryRule(), merge: MergeRule()), clock: clock)
        #expect(outcome.answer.outcome == .timedOut)
        #expect(outcome.trajectory.seconds >= Self.seconds(limit))
        #expect(outcome.trajectory.seconds <= Self.seconds(limit + step) + 1e-9)
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("a budget that ends in the middle of a join leaves the truth", arguments: 1..<40)
    func budgetAtJoin(total: Int) async throws {
        let engine = ScriptedEngine(SteeredRunTests.three)
        let outcome = try await ReasoningRun.answer(
            "q", by: Adaptive(), on: engine, budget: try Budget(totalTokens: total),
            controller: ControllerPolicy(retry: RetryRule(coversRefuted: true), checks: [ArithmeticCheck()]))
        #expect(outcome.metrics.totalTokens <= total + 3)
        #expect(outcome.answer.text == "done" || outcome.answer.outcome == .tokenLimit)
        #expect((outcome.answer.text == nil) == (outcome.trajectory.root.outcome == .tokenLimit))
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("rubbish from the planner, and threads of a plan that do whatever they like", arguments: 0..<300)
    func plans(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let clock = ManualClock()
        let draws = Mutex(SeededGenerator(seed: seed &+ 77))
        let step = Self.step
        let engine = ScriptedEngine.prompted(
            contextLength: 300,
            onCall: { if case .token = $0 { clock.advance(by: step) } },
            script: { prompt in
                draws.withLock { random in
                    let words = String(repeating: " w", count: Int.random(in: 0...40, using: &random))
                    if prompt.hasPrefix("PLAN") || prompt.hasPrefix("REPLAN") {
                        let count = Int.random(in: 0...6, using: &random)
                        let lines = (0..<count).map { _ in
                            "\(Int.random(in: 0...7, using: &random)) after \(Int.random(in: 0...7, using: &random)): t\(Int.random(in: 0...9, using: &random))"
                        }
                        return ScriptedEngine.Reply(
                            [words, "{\"subtasks\":[", lines.joined(separator: "\n")].randomElement(using: &random)
                                ?? "")
                    }
                    switch Int.random(in: 0...9, using: &random) {
                    case 0: return ScriptedEngine.Reply(words, error: EngineError.failed("boom"))
                    case 1: return ScriptedEngine.Reply(words, hangs: true)
                    case 2: return ScriptedEngine.Reply("NEED \(Int.random(in: 0...7, using: &random))")
                    case 3: return ScriptedEngine.Reply(words + "\nNEW: n\(Int.random(in: 0...30, using: &random))")
                    case 4: return ScriptedEngine.Reply("1 + 1 = 3")
                    case 5: return ""
                    default: return ScriptedEngine.Reply("x = \(Int.random(in: 1...3, using: &random))")
                    }
                }
            })
        let budget = try Budget(
            maximumThreads: Int.random(in: 1...8, using: &random),
            tokensPerThread: Int.random(in: 5...80, using: &random),
            totalTokens: Int.random(in: 40...900, using: &random), deadline: .seconds(4),
            threadTimeout: Bool.random(using: &random) ? .milliseconds(300) : nil)
        var policy = Self.policy(&random)
        policy.spawn = SpawnRule()
        policy.checks = [ArithmeticCheck()]
        let run = try ReasoningRun(
            AdaptivePlanTests.question, by: try AdaptivePlan(prompts: AdaptivePlanTests.prompts), on: engine,
            budget: budget, controller: policy, clock: clock)
        let ticking = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(2))
                clock.advance(by: step)
            }
        }
        defer { ticking.cancel() }
        let outcome = try await run.answer()
        #expect(outcome.metrics.totalTokens <= budget.totalTokens + budget.maximumThreads)
        #expect(outcome.answer.text != nil || outcome.answer.whyIncomplete != nil)
        #expect(engine.state.withLock { $0.openContexts } == 0)
        Self.check(outcome.trajectory.root, seed: seed)
    }
}
