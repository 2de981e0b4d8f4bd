import Braid
import Synchronization
import Testing

@Suite("adaptive-plan plans subtasks again that grow too long")
struct PlanSplitTests {
    /// More tokens than any thread gets here.
    private static let long = ScriptedEngine.Reply(String(repeating: " and so on", count: 40))

    private static let rule = ControllerPolicy(split: SplitRule(share: 0.5))

    private static func run(
        _ budget: Budget, _ controller: ControllerPolicy = rule,
        script: @escaping @Sendable (String) -> ScriptedEngine.Reply
    ) async throws -> (RunOutcome, ScriptedEngine) {
        let engine = ScriptedEngine.prompted(script: script)
        let outcome = try await ReasoningRun.answer(
            AdaptivePlanTests.question, by: try AdaptivePlan(prompts: AdaptivePlanTests.prompts), on: engine,
            budget: budget, controller: controller)
        checkRecord(outcome, engine: engine)
        return (outcome, engine)
    }

    private static func prompts(_ engine: ScriptedEngine) -> [String] {
        engine.state.withLock { $0.prompts }.map { AnswerExtractor.trimmed($0) }
    }

    @Test("smaller ones need what it needs, and it runs again with their results")
    func split() async throws {
        let (outcome, engine) = try await Self.run(try Budget(tokensPerThread: 30)) { prompt in
            if prompt.hasPrefix("PLAN 32 add") { return "1: add tens\n2 after 1: add ones" }
            if prompt.hasPrefix("DO 3"), !prompt.contains("[5") { return Self.long }
            if prompt.hasPrefix("DO 4") { return "tens 0" }
            if prompt.hasPrefix("DO 5") { return "ones 12" }
            return AdaptivePlanTests.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        #expect(
            outcome.trajectory.decisions.map(\.reason) == [
                "subtask 3: 15 tokens, more than 50 % of the 30 that a thread may have; it goes on as subtasks 4, 5"
            ])
        #expect(AdaptivePlanTests.actions(outcome) == [.split])
        #expect(
            Self.prompts(engine)[3...] == [
                "DO 3 add x and y [1 x = 5][2 y = 7]", "PLAN 32 add x and y\n[1 x = 5]\n[2 y = 7]",
                "DO 4 add tens [1 x = 5][2 y = 7]", "DO 5 add ones [1 x = 5][2 y = 7][4 tens 0]",
                "DO 3 add x and y [1 x = 5][2 y = 7][4 tens 0][5 ones 12]",
                "JOIN [3 5 + 7 = 12][1 x = 5][2 y = 7][4 tens 0][5 ones 12]",
            ])
        // The long attempt, its plan and the smaller ones are on the critical path.
        #expect(
            outcome.calls.suffix(6) == [
                "subtask 3 <- 1,2,3", "plan of 3 <- 4", "subtask 4 <- 1,2,3,4,5", "subtask 5 <- 1,2,3,4,5,6",
                "subtask 3 <- 1,2,3,6,7", "synthesis <- 1,2,3,6,7,8",
            ])
    }

    @Test("without a plan for it, it runs again as one with all tokens of a thread")
    func noPlan() async throws {
        let (outcome, engine) = try await Self.run(try Budget(tokensPerThread: 30)) { prompt in
            if prompt.hasPrefix("PLAN 32 add") || prompt.hasPrefix("REPLAN") { return "no idea" }
            return prompt.hasPrefix("DO 3") ? Self.long : AdaptivePlanTests.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        #expect(AdaptivePlanTests.actions(outcome) == [.refusePlan, .refusePlan, .fallBack, .split])
        #expect(outcome.trajectory.decisions.allSatisfy { $0.reason.hasPrefix("subtask 3: ") })
        #expect(Self.prompts(engine).count { $0.hasPrefix("DO 3") } == 2)
        let limits = engine.state.withLock { state in
            zip(state.decodes, state.tokenLimits).filter { $0.0.context.contains("DO 3") }.map(\.1)
        }
        #expect(limits == [15, 30])
    }

    @Test(
        "no deeper than the budget allows, and no more than it has threads for",
        arguments: [(1, 32, 0, 2), (2, 32, 2, 6), (3, 32, 6, 14), (3, 7, 2, 6), (3, 3, 0, 2)])
    func limits(depth: Int, threads: Int, splits: Int, subtasks: Int) async throws {
        let budget = try Budget(maximumThreads: threads, maximumDepth: depth, tokensPerThread: 30)
        let (outcome, engine) = try await Self.run(budget) { prompt in
            if prompt.hasPrefix("PLAN") { return "1: this\n2: that" }
            return prompt.hasPrefix("DO") && !prompt.contains("[") ? Self.long : AdaptivePlanTests.script(prompt)
        }
        #expect(outcome.answer.text == "12")
        // Those for which there was no room any more when they were planned run again as one.
        #expect(outcome.trajectory.decisions.count { $0.reason.contains("goes on as subtasks") } == splits)
        let ids = Self.prompts(engine).filter { $0.hasPrefix("DO") }.map { $0.split(separator: " ")[1] }
        #expect(Set(ids).count == subtasks)
    }

    @Test("nothing is split without the rule, or where the run's tokens are used up")
    func neither() async throws {
        let budget = try Budget(tokensPerThread: 30)
        let (plain, _) = try await Self.run(budget, .observing) { prompt in
            prompt.hasPrefix("DO 3") ? Self.long : AdaptivePlanTests.script(prompt)
        }
        #expect(AdaptivePlanTests.actions(plain).isEmpty)
        let scarce = try Budget(tokensPerThread: 1000, totalTokens: 60)
        let (outcome, engine) = try await Self.run(scarce) { prompt in
            prompt.hasPrefix("DO 3") ? Self.long : AdaptivePlanTests.script(prompt)
        }
        #expect(AdaptivePlanTests.actions(outcome).isEmpty)
        #expect(Self.prompts(engine).count { $0.hasPrefix("PLAN") } == 1)
    }
}
