import Synchronization
import Testing

@testable import Braid

@Suite("Monte Carlo tree search")
struct MonteCarloTreeSearchTests {
    /// First steps are "go" and, where there are reflections, the right answer; second steps are a wrong answer.
    static let script: @Sendable (String) -> ScriptedEngine.Reply = { prompt in
        if prompt.contains("The grade is") {
            return prompt.contains("go") ? " fine. The grade is 6" : " The grade is 2"
        }
        if prompt.contains("what went wrong") { return " It was rash.\nLook twice." }
        if prompt.contains("Use these steps") { return " Answer: 3" }
        if prompt.hasSuffix("Step 1:") {
            return prompt.contains("learnt") ? " yes Answer: 8\nStep 2: no" : " go"
        }
        return " no Answer: 7"
    }

    @Test("select, expand, value, simulate, backpropagate, reflect, and again with the reflection")
    func iterations() async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let method = try MonteCarloTreeSearch(
            iterations: 5, samples: 3, depth: 3, check: { answer, _ in answer == "8" })
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        // Both samples of a step are the same, so one value each. The tree's only path failed, so it is exhausted.
        #expect(
            outcome.calls == [
                "expand", "value <- 1", "expand <- 2", "value <- 3", "reflect <- 4",
            ])
        #expect(outcome.answer == Answer(text: "7"))
        checkRecord(outcome, engine: engine)
    }

    @Test("reflections are in later prompts, and a right end ends the search")
    func reflections() async throws {
        let first = Mutex(0)
        let engine = ScriptedEngine.prompted { prompt in
            // Two different first steps, so that the tree is not exhausted by one failure.
            if prompt.hasSuffix("Step 1:") {
                return first.withLock { first in
                    first += 1
                    return ScriptedEngine.Reply(first % 2 == 0 ? " go on" : " wait")
                }
            }
            if prompt.hasSuffix("Step 2:"), prompt.contains("- It was rash. Look twice.\n") { return " so Answer: 8" }
            return Self.script(prompt)
        }
        let method = try MonteCarloTreeSearch(
            iterations: 5, samples: 2, depth: 3, check: { answer, _ in answer == "8" })
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        #expect(outcome.answer == Answer(text: "8"))
        #expect(
            outcome.calls == [
                "expand", "value <- 1", "value <- 1", "expand <- 2,3", "value <- 4", "reflect <- 5", "expand <- 6",
                "value <- 7",
            ])
        let prompts = engine.state.withLock { $0.prompts }
        #expect(!prompts[3].contains("rash"))
        checkRecord(outcome, engine: engine)
    }

    @Test("without a check the model's grade is the reward")
    func grades() async throws {
        let engine = ScriptedEngine.prompted { prompt in
            prompt.contains("The grade is") ? " The grade is 10" : Self.script(prompt)
        }
        let outcome = try await ReasoningRun.answer(
            "q", by: try MonteCarloTreeSearch(iterations: 4, samples: 2), on: engine)
        #expect(outcome.answer == Answer(text: "7"))
        #expect(outcome.calls.count == 4)
        checkRecord(outcome, engine: engine)
    }

    @Test("attempts without an end answer from the most visited path")
    func noEnd() async throws {
        let engine = ScriptedEngine.prompted { prompt in
            prompt.contains("Step 2:") || prompt.hasSuffix("Step 1:")
                ? (prompt.contains("The grade") || prompt.contains("Use these") ? Self.script(prompt) : " go")
                : Self.script(prompt)
        }
        let outcome = try await ReasoningRun.answer(
            "q", by: try MonteCarloTreeSearch(iterations: 2, samples: 2, depth: 1), on: engine)
        #expect(outcome.answer == Answer(text: "3"))
        checkRecord(outcome, engine: engine)
    }

    @Test("a budget that ends in the search still leaves an answer, and says so", arguments: [8, 12, 16])
    func cut(tokens: Int) async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let outcome = try await ReasoningRun.answer(
            "q", by: try MonteCarloTreeSearch(samples: 3, check: { _, _ in false }), on: engine,
            budget: try Budget(totalTokens: tokens))
        #expect(outcome.answer.outcome == .tokenLimit)
        #expect(outcome.answer.text != nil)
        #expect(outcome.metrics.totalTokens <= tokens)
        checkRecord(outcome, engine: engine)
    }

    @Test("options that make no sense are refused")
    func validation() {
        #expect(throws: RunError.invalidOption(name: "iterations", value: 0, allowed: 1...200)) {
            try MonteCarloTreeSearch(iterations: 0)
        }
        #expect(throws: RunError.invalidShare(name: "weight", value: -1, allowed: "0 or more")) {
            try MonteCarloTreeSearch(weight: -1)
        }
        #expect(throws: RunError.invalidShare(name: "gradeShare", value: 1.5, allowed: "0 to 1")) {
            try MonteCarloTreeSearch(gradeShare: 1.5)
        }
    }
}
