import Testing

@testable import Braid

@Suite("Each rule of the controller, by tables")
struct ControllerRuleTests {
    @Test(
        "a thread may fill four fifths of the window",
        arguments: [
            (0, 100, 80, false), (79, 100, 1, false), (80, 100, 0, true), (200, 100, 0, true), (3, 4, 0, true),
            (2, 4, 1, false), (0, 0, 0, true),
        ])
    func window(context: Int, length: Int, room: Int, mustDistil: Bool) {
        let rule = WindowRule()
        #expect(rule.room(contextTokens: context, contextLength: length) == room)
        let why = rule.reasonToDistil(contextTokens: context, contextLength: length)
        #expect((why != nil) == mustDistil)
        if mustDistil { #expect(why?.contains("80 %") == true) }
    }

    @Test(
        "a thread that used half of its tokens splits",
        arguments: [(0, 100, false), (49, 100, false), (50, 100, true), (99, 100, true), (1, 1, true)])
    func split(decoded: Int, limit: Int, mustSplit: Bool) {
        #expect((SplitRule().reasonToSplit(decodedTokens: decoded, tokensPerThread: limit) != nil) == mustSplit)
    }

    @Test(
        "what is run again",
        arguments: [
            (.failed("x"), nil, 1, false, true), (.failed("x"), nil, 2, false, false),
            (.malformed("x"), nil, 1, false, true), (.finished, nil, 1, true, false),
            (.finished, "3 = 4", 1, false, false), (.finished, "3 = 4", 1, true, true),
            (.finished, "3 = 4", 2, true, false), (.timedOut, nil, 1, true, false),
            (.tokenLimit, nil, 1, true, false), (.cancelled, nil, 1, true, false),
        ] as [(ThreadOutcome, String?, Int, Bool, Bool)])
    func retry(outcome: ThreadOutcome, objection: String?, attempt: Int, coversRefuted: Bool, again: Bool) {
        let rule = RetryRule(coversRefuted: coversRefuted)
        #expect((rule.reasonToRetry(outcome: outcome, objection: objection, attempt: attempt) != nil) == again)
    }

    @Test("another attempt does not decode greedily")
    func retrySampling() {
        let rule = RetryRule(temperature: 0.5)
        #expect(rule.sampling(.greedy, attempt: 1) == .greedy)
        #expect(rule.sampling(.greedy, attempt: 2).temperature == 0.5)
        #expect(rule.sampling(SamplingParameters(temperature: 0.9), attempt: 2).temperature == 0.9)
    }

    @Test(
        "when to join",
        arguments: [
            (.all, [.open, .verified], 9, false), (.all, [.failed, .returned], 0, false),
            (.firstVerified, [.open, .returned], 9, false), (.firstVerified, [.open, .verified], 0, true),
            (.firstVerified, [.verified, .verified], 0, false),
            (.quorum(2), [.open, .returned, .failed], 0, false),
            (.quorum(2), [.open, .returned, .verified], 0, true), (.quorum(0), [.open, .open], 0, false),
            (.quorum(0), [.open, .returned], 0, true), (.deadline(.seconds(5)), [.open], 4, false),
            (.deadline(.seconds(5)), [.open], 5, true), (.deadline(.seconds(5)), [.returned], 6, false),
        ] as [(JoinPolicy, [JoinPolicy.Status], Int, Bool)])
    func join(policy: JoinPolicy, threads: [JoinPolicy.Status], seconds: Int, joins: Bool) {
        #expect((policy.reasonToJoin(threads, elapsed: .seconds(seconds)) != nil) == joins)
    }

    @Test("equal subtasks become one")
    func merge() {
        let outlines = [
            Outline(number: 1, text: " Add 2 and 3"), Outline(number: 2, text: "multiply"),
            Outline(number: 3, text: " add  2 and 3."), Outline(number: 4, after: [2], text: "add 2 and 3"),
            Outline(number: 5, after: [2], text: "ADD 2 and 3"),
        ]
        #expect(MergeRule().repeated(in: outlines) == [nil, nil, 0, nil, 3])
    }

    @Test("new subtasks are found in replies, within limits")
    func spawn() {
        let reply = "some work\nNEW: check y\n NEW:  Check  Y.\nNEW:\nNEW: known\nNEW: z\nNEW: w"
        #expect(SpawnRule(limit: 2).subtasks(in: reply, known: ["Known"], room: 9) == ["check y", "z"])
        #expect(SpawnRule(limit: 9).subtasks(in: reply, known: [], room: 1) == ["check y"])
        #expect(SpawnRule(limit: 9).subtasks(in: reply, known: [], room: 0) == [])
        #expect(SpawnRule().subtasks(in: "NEWS: x", known: [], room: 9) == [])
    }

    @Test(
        "the width that still pays",
        arguments: [
            ([:], nil), ([1: 1], 1), ([1: 1, 2: 1, 4: 1, 8: 1, 16: 1], 16), ([1: 1, 2: 2, 4: 4], 1),
            ([1: 1, 2: 1.1, 4: 1.3, 8: 2.6, 16: 5.2], 4), ([1: 1, 2: 1.9, 4: 1.95], 1),
            ([0: 1, -3: 1, 2: .nan, 4: 0, 8: 1], 8), ([1: 1, 16: 8], 16), ([1: 1, 16: 14], 1), ([2: 1, 3: 1], 3),
        ] as [([Int: Double], Int?)])
    func width(seconds: [Int: Double], width: Int?) {
        #expect(StepTimes(seconds).usefulWidth() == width)
        #expect(WidthRule().width(StepTimes(seconds)) == width)
        #expect(WidthRule().width(nil) == nil)
    }

    @Test("repetition and the probe's perplexity")
    func health() {
        #expect(ContextHealth.repetition(of: [TokenID](0..<50)) == 0)
        #expect(ContextHealth.repetition(of: [TokenID](repeating: 7, count: 53)) == 49.0 / 50)
        #expect(ContextHealth.repetition(of: [TokenID]()) == 0)
        #expect(ContextHealth.perplexity([]) == nil)
        #expect(ContextHealth.perplexity([.init(token: 1, value: -1), .init(token: 2, value: -3)]) == 2)
        #expect(ContextHealth.perplexity([.init(token: 1, value: -.infinity)]) == nil)
        let rule = ContextHealthRule()
        #expect(rule.reasonToAct(on: .init(baseline: 2, current: 3.5, repetition: 0.6)) == nil)
        #expect(rule.reasonToAct(on: .init(baseline: 2, current: 3.6, repetition: 0))?.contains("1.6 nats") == true)
        #expect(rule.reasonToAct(on: .init(baseline: 2, current: 2, repetition: 0.61))?.contains("61 %") == true)
        #expect(rule.actions(canDistil: true, width: 4) == [.distil, .narrow, .summariseSooner])
        #expect(rule.actions(canDistil: false, width: 1) == [.summariseSooner])
    }

    @Test("what a line does at a pause")
    func pauses() throws {
        typealias Facts = LineSteering.Facts
        let budget = try Budget(tokensPerThread: 100)
        let policy = ControllerPolicy(window: WindowRule(), split: SplitRule(), health: ContextHealthRule(interval: 40))
        func action(_ line: LineSteering, _ facts: Facts) -> LineSteering.Action {
            line.action(facts, policy, budget: budget, contextLength: 1000, windowShare: 1)
        }
        var line = LineSteering()
        let early = Facts(decodedTokens: 10, contextTokens: 500, canReturn: true, canFork: true)
        #expect(action(line, early) == .goOn)
        #expect(line.tokensToPause(early, policy, budget: budget, contextLength: 1000, windowShare: 1) == 30)
        let late = Facts(decodedTokens: 40, contextTokens: 500, canReturn: true, canFork: true)
        #expect(action(line, late) == .probe)
        #expect(line.probed(2, decodedTokens: 40, for: ContextHealthRule()) == nil)
        #expect(action(line, late) == .goOn)
        #expect(line.probed(2.5, decodedTokens: 40, for: ContextHealthRule())?.current == 2.5)
        var long = Facts(decodedTokens: 50, contextTokens: 500, canReturn: true, canFork: true)
        guard case .split = action(line, long) else {
            Issue.record("does not split")
            return
        }
        long.canFork = false
        guard case .distil = action(line, long) else {
            Issue.record("does not return")
            return
        }
        long.canReturn = false
        #expect(action(line, long) == .goOn)
        let full = Facts(decodedTokens: 10, contextTokens: 800, canReturn: true, canFork: true)
        guard case .distil = action(line, full) else {
            Issue.record("does not return")
            return
        }
        line.distilled()
        #expect(action(line, full) == .goOn)
        #expect(line.tokensToPause(full, policy, budget: budget, contextLength: 1000, windowShare: 1) == nil)
        let nothing = ControllerPolicy.observing
        #expect(line.tokensToPause(full, nothing, budget: budget, contextLength: 1, windowShare: 1) == nil)
    }

    @Test("a fork starts as many as may run, and repeats wait for what they repeat")
    func schedule() {
        let outlines = (1...4).map { Outline(number: $0, after: $0 == 4 ? [1] : [], text: "\($0)") }
        var schedule = DependencySchedule(outlines, repeated: [nil, nil, 1, nil])
        #expect(schedule.ready(width: 1) == [0])
        #expect(schedule.ready(width: 1) == [])
        schedule.retried(0)
        #expect(schedule.ready(width: 1) == [0])
        schedule.finished(0)
        #expect(schedule.ready(width: 2) == [1, 3])
        schedule.finished(1)
        #expect(schedule.original(of: 2) == 1)
        #expect(schedule.stop() == [2])
        #expect(schedule.ready(width: 9) == [])
    }

    @Test("money cuts as tokens do, and a fifth of it is kept for the answer")
    func money() throws {
        let limit = try SpendingLimit(limit: 0.01, promptPrice: 10, completionPrice: 100)
        var ledger = BudgetLedger(try Budget(spending: limit))
        #expect(ledger.decodableTokens(decoded: 0, depth: 0, line: .main) == 100)
        #expect(ledger.decodableTokens(decoded: 0, depth: 1, line: .thread) == 80)
        ledger.prefilled(500)
        #expect(ledger.decodableTokens(decoded: 0, depth: 0, line: .main) == 50)
        #expect(ledger.decodableTokens(decoded: 0, depth: 1, line: .thread) == 30)
        for _ in 0..<60 { ledger.decodedToken() }
        #expect(ledger.decodableTokens(decoded: 0, depth: 0, line: .main) == 0)
        #expect(ledger.spent.map { abs($0 - 0.011) < 1e-12 } == true)
        #expect(throws: BudgetError.self) { try SpendingLimit(limit: 0, promptPrice: 1, completionPrice: 1) }
        #expect(throws: BudgetError.self) { try SpendingLimit(limit: 1, promptPrice: -1, completionPrice: 1) }
        #expect(throws: BudgetError.self) { try SpendingLimit(limit: .nan, promptPrice: 1, completionPrice: 1) }
        #expect(throws: BudgetError.self) { try Budget(threadTimeout: .zero) }
    }
}
