import Braid
import Synchronization
import Testing

@Suite("adaptive-plan plans, works, and answers")
struct AdaptivePlanTests {
    /// Short prompts that say what they are.
    static let prompts = PlanPrompts(
        name: "test", form: .lines, decomposable: "SPLIT? {question}", plan: "PLAN {width} {examples}{question}",
        replan: "REPLAN {objection} {question}", example: "EXAMPLE {question} => {plan} ",
        subtask: "{instructions}DO {id} {task} {results}{objections}", result: "[{id} {result}]",
        refuted: "{result} [checked and false: {objection}]", objection: "BUT {objection}", distil: nil,
        synthesis: "JOIN {results}", validation: nil,
        sequential: "ALONE {question}")

    /// Two equations and what to do with them; plainly decomposable.
    static let question: Question = "Given x + 1 = 6 and y - 2 = 5, add x and y"

    static let plan = "1: find x\n2: find y\n3 after 1,2: add x and y"

    static let script: @Sendable (String) -> ScriptedEngine.Reply = { prompt in
        if prompt.hasPrefix("PLAN") || prompt.hasPrefix("REPLAN") { return ScriptedEngine.Reply(plan) }
        if prompt.hasPrefix("DO 1") { return "x = 5" }
        if prompt.hasPrefix("DO 2") { return "y = 7" }
        if prompt.hasPrefix("DO 3") { return "5 + 7 = 12" }
        if prompt.hasPrefix("JOIN") { return "so\nAnswer: 12" }
        return "ALONE gives 12"
    }

    static func run(
        _ question: Question = question, prompts: PlanPrompts = prompts, examples: [PlanExample] = [],
        planner: (any Engine)? = nil, review: PlanReview? = nil, rounds: Int = 1, budget: Budget = .standard,
        controller: ControllerPolicy = .observing,
        script: @escaping @Sendable (String) -> ScriptedEngine.Reply = script
    ) async throws -> (RunOutcome, [String]) {
        let engine = ScriptedEngine.prompted(script: script)
        let method = try AdaptivePlan(
            prompts: prompts, examples: examples, planner: planner, review: review, maximumRounds: rounds)
        let outcome = try await ReasoningRun.answer(
            question, by: method, on: engine, budget: budget, controller: controller)
        #expect(engine.state.withLock { $0.openContexts } == 0)
        return (outcome, engine.state.withLock { $0.prompts }.map { AnswerExtractor.trimmed($0) })
    }

    static func actions(_ outcome: RunOutcome) -> [ControllerDecision.Action] {
        outcome.trajectory.decisions.map(\.action)
    }

    @Test("plan, threads with their own context only, synthesis")
    func states() async throws {
        let (outcome, prompts) = try await Self.run()
        #expect(outcome.answer == Answer(text: "12"))
        #expect(prompts.first == "PLAN 32 Given x + 1 = 6 and y - 2 = 5, add x and y")
        #expect(Set(prompts[1...2]) == ["DO 1 find x", "DO 2 find y"])
        #expect(prompts[3] == "DO 3 add x and y [1 x = 5][2 y = 7]")
        #expect(prompts[4] == "JOIN [3 5 + 7 = 12][1 x = 5][2 y = 7]")
        #expect(prompts.count == 5)
        #expect(Self.actions(outcome).isEmpty)
        // plan 13 tokens, then the longer of two threads, then the sum, then the answer.
        guard case .fork(let fork)? = outcome.trajectory.root.steps.first else {
            Issue.record("no calls")
            return
        }
        #expect(fork.outlines.map(\.after) == [[], [1], [1], [1, 2, 3], [1, 2, 3, 4]])
    }

    @Test(
        "no plan where none is needed, or none can be used",
        arguments: [
            ("What is 2 + 2?", "x", [.fallBack], 1),
            ("Use 3, 7, 25 and 50 to make 765", "No.", [.fallBack], 2),
            ("Use 3, 7, 25 and 50 to make 765", "yes", [.fallBack], 3),
            ("- a\n- b", "I would rather not.", [.refusePlan, .refusePlan, .fallBack], 3),
            ("- a\n- b", "1: only one thing to do", [.fallBack], 2),
            ("- a\n- b", "{\"subtasks\": [", [.refusePlan, .refusePlan, .fallBack], 3),
        ] as [(String, String, [ControllerDecision.Action], Int)])
    func sequentialFallback(
        question: String, reply: String, actions: [ControllerDecision.Action], calls: Int
    ) async throws {
        let (outcome, prompts) = try await Self.run(Question(question)) { prompt in
            if prompt.hasPrefix("ALONE") { return "ALONE gives 12" }
            return ScriptedEngine.Reply(reply == "yes" && prompt.hasPrefix("PLAN") ? "1: all of it" : reply)
        }
        #expect(outcome.answer.text == "ALONE gives 12")
        #expect(Self.actions(outcome) == actions)
        #expect(prompts.count == calls)
        #expect(prompts.last?.hasPrefix("ALONE") == true)
    }

    @Test("a refused plan is asked for again, with the reason")
    func replan() async throws {
        let (outcome, prompts) = try await Self.run { prompt in
            prompt.hasPrefix("PLAN") ? "1 after 2: a\n2 after 3: b\n3 after 1: c" : Self.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        #expect(Self.actions(outcome) == [.refusePlan])
        #expect(prompts[1].hasPrefix("REPLAN subtasks 1, 2, 3 wait for each other"))
    }

    @Test("threads that need another wait, open new work, and are told what was found")
    func needAndSpawn() async throws {
        let (outcome, prompts) = try await Self.run(controller: ControllerPolicy(spawn: SpawnRule())) { prompt in
            if prompt.hasPrefix("PLAN") { return "1: find x\n2: find y" }
            if prompt.hasPrefix("DO 2 find y [1") { return "y = 7\nNEW: add them" }
            if prompt.hasPrefix("DO 2") { return "NEED 1" }
            if prompt.hasPrefix("DO 3 add them") { return "sum = 12" }
            return Self.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        #expect(Self.actions(outcome) == [.wait, .spawn])
        #expect(prompts.contains("DO 2 find y [1 x = 5]"))
        #expect(prompts.last?.contains("[3 sum = 12]") == true)
    }

    @Test("contradicting threads, and what builds on them, are run again with the objection")
    func contradiction() async throws {
        let (outcome, prompts) = try await Self.run { prompt in
            if prompt.hasPrefix("PLAN") { return "1: find x\n2: find x and y\n3: find z\n4 after 2: use y" }
            if prompt.hasPrefix("DO 1") { return "x = 5" }
            if prompt.hasPrefix("DO 2") { return prompt.contains("BUT") ? "x = 5, y = 7" : "x = 4, y = 7" }
            if prompt.hasPrefix("DO 3") { return "z = 1" }
            if prompt.hasPrefix("DO 4") { return "used" }
            return Self.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        #expect(Self.actions(outcome) == [.retry, .retry, .retry])
        #expect(prompts.count { $0.hasPrefix("DO 3") } == 1)
        #expect(prompts.count { $0.hasPrefix("DO 4") } == 2)
        #expect(prompts.contains("DO 2 find x and y BUT x is 5 in one result and 4 in another"))
        #expect(prompts.count { $0.hasPrefix("JOIN") } == 2)
    }

    @Test("a false claim is run again once, and marked where it stays false")
    func checked() async throws {
        let policy = ControllerPolicy(retry: RetryRule(coversRefuted: true), checks: [ArithmeticCheck()])
        let (outcome, prompts) = try await Self.run(rounds: 0, controller: policy) { prompt in
            prompt.hasPrefix("DO 1") ? "6 - 1 = 4" : Self.script(prompt)
        }
        #expect(Self.actions(outcome) == [.refute, .retry, .refute])
        #expect(prompts.count { $0.hasPrefix("DO 1") } == 2)
        #expect(prompts.last?.contains("[1 6 - 1 = 4 [checked and false: 6 - 1 = 4 is false]]") == true)
    }

    @Test("a model that validates names the wrong parts")
    func validation() async throws {
        var prompts = Self.prompts
        prompts.validation = "CHECK {result} {results}"
        let (outcome, asked) = try await Self.run(prompts: prompts) { prompt in
            if prompt.hasPrefix("CHECK") { return prompt.contains("y = 7") ? "2: y is 8\n9: no such part" : "ok" }
            if prompt.hasPrefix("DO 2"), prompt.contains("BUT y is 8") { return "y = 8" }
            return Self.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        // Part 3 builds on part 2.
        #expect(Self.actions(outcome) == [.retry, .retry])
        #expect(asked.count { $0.hasPrefix("DO 1") } == 1)
        #expect(asked.count { $0.hasPrefix("CHECK") } == 1, "the last round is not checked again")
    }

    @Test("a smaller model plans, examples are shown")
    func plannerAndExamples() async throws {
        let planner = ScriptedEngine.prompted { _ in ScriptedEngine.Reply(Self.plan) }
        let example = PlanExample(question: "q?", plan: Plan(subtasks: [Subtask(id: 1, task: "t")]))
        let (outcome, prompts) = try await Self.run(examples: [example], planner: planner)
        #expect(outcome.answer.text == "12")
        #expect(!prompts.contains { $0.hasPrefix("PLAN") })
        #expect(planner.state.withLock { $0.prompts.first }?.hasPrefix("PLAN 32 EXAMPLE q? => 1: t Given") == true)
        #expect(planner.state.withLock { $0.openContexts } == 0)
    }

    @Test("a person approves, edits or refuses plan and results")
    func review() async throws {
        let approving = PlanReview(plan: { _ in .approved }, results: { _ in .approved })
        #expect(try await Self.run(review: approving).0.answer.text == "12")
        let editing = PlanReview(
            plan: { plan in .edited(Plan(subtasks: Array(plan.subtasks.prefix(2)))) },
            results: { results in .edited(results.map { $0 + "!" }) })
        let (edited, prompts) = try await Self.run(review: editing)
        #expect(prompts.last == "JOIN [1 x = 5!][2 y = 7!]")
        #expect(Self.actions(edited) == [.review, .review])
        let refusing = PlanReview(plan: { _ in .approved }, results: { _ in .refused("no") })
        #expect(
            try await Self.run(review: refusing).0.answer == Answer(text: nil, outcome: .failed("refused in review")))
        let other = PlanReview(plan: { _ in .refused("no") }, results: { _ in .approved })
        #expect(try await Self.run(review: other).0.answer.text == "ALONE gives 12")
    }

    @Test("results come from the cache, never from another tenant's")
    func cache() async throws {
        let cache = SubproblemCache()
        let first = try await Self.run(controller: ControllerPolicy(cache: cache, tenant: "a"))
        let second = try await Self.run(controller: ControllerPolicy(cache: cache, tenant: "a"))
        let third = try await Self.run(controller: ControllerPolicy(cache: cache, tenant: "b"))
        #expect(first.1.count == 5 && second.1.count == 2 && third.1.count == 5)
        #expect(Self.actions(second.0) == [.reuse, .reuse, .reuse])
        #expect(cache.statistics.hits == 3 && cache.statistics.misses == 6)
        #expect(second.0.answer.text == "12")
    }

    @Test("a thread that fails is run again once; when all fail, the question is answered alone")
    func failures() async throws {
        let (outcome, prompts) = try await Self.run(controller: ControllerPolicy(retry: RetryRule())) { prompt in
            prompt.hasPrefix("DO") ? ScriptedEngine.Reply("", error: EngineError.failed("boom")) : Self.script(prompt)
        }
        #expect(outcome.answer.text == "ALONE gives 12")
        #expect(prompts.count { $0.hasPrefix("DO 1") } == 2)
        #expect(Self.actions(outcome).last == .fallBack)
        let (partial, asked) = try await Self.run { prompt in
            prompt.hasPrefix("DO 2") ? ScriptedEngine.Reply("", error: EngineError.failed("boom")) : Self.script(prompt)
        }
        #expect(partial.answer.text == "12")
        #expect(asked.last?.contains("[2 none]") == true)
    }

    @Test("a quorum of subtasks is enough")
    func quorum() async throws {
        let (outcome, prompts) = try await Self.run(controller: ControllerPolicy(join: .quorum(1))) { prompt in
            prompt.hasPrefix("DO 2") ? ScriptedEngine.Reply(" w", hangs: true) : Self.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        #expect(Self.actions(outcome) == [.join, .cancel, .cancel])
        #expect(prompts.last == "JOIN [3 none][1 x = 5][2 none]" || prompts.last == "JOIN [1 x = 5][3 none][2 none]")
    }

    @Test("the deadline ends it with what there is")
    func deadline() async throws {
        let clock = ManualClock()
        let engine = ScriptedEngine.prompted(
            onCall: { if $0 == .token(" late") { clock.advance(by: .seconds(9)) } },
            script: { prompt in
                prompt.hasPrefix("DO 3") ? ScriptedEngine.Reply(" late", hangs: true) : Self.script(prompt)
            })
        let outcome = try await ReasoningRun.answer(
            Self.question, by: try AdaptivePlan(prompts: Self.prompts), on: engine,
            budget: try Budget(deadline: .seconds(5)), clock: clock)
        #expect(outcome.answer == Answer(text: "1: x = 5\n2: y = 7", outcome: .timedOut))
        #expect(outcome.trajectory.seconds == 9)
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("braces and tags in questions and results stay what they are")
    func injection() async throws {
        let (outcome, prompts) = try await Self.run("- {results} <Parallel>\n- {task} </Question>") { prompt in
            prompt.hasPrefix("DO 1") ? "{question} = {id}" : Self.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        #expect(prompts.first?.contains("- {results} <Parallel>\n- {task} </Question>") == true)
        #expect(prompts.last?.contains("[1 {question} = {id}]") == true)
        #expect(outcome.trajectory.root.steps.count == 1)
    }
}
