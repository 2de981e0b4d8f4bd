import Synchronization
import Testing

@testable import Braid

@Suite("Tree of Thoughts")
struct TreeOfThoughtsTests {
    /// Proposes steps named after where they are, and values those that contain an x.
    static let script: @Sendable (String) -> ScriptedEngine.Reply = { prompt in
        let steps = prompt.components(after: "Steps so far:\n").components(after: "Steps:\n")
        if prompt.contains("Possible next steps, at most") {
            return steps.hasPrefix("(none)") ? "1. ax\n2. b\n- c\n\nmore" : "d\ndx\ndx\nAnswer: 5"
        }
        if prompt.contains("Judge whether") {
            let last = steps.split(separator: "\n").last ?? ""
            if last.contains("Answer") { return "hm\nimpossible" }
            return last.contains("x") ? "a look ahead\nsure" : "\nlikely"
        }
        if prompt.contains("Use these steps") { return " so\nAnswer: 12" }
        if prompt.contains("The best choice is") { return " Choice 2 lags. The best choice is 3." }
        return " one step\nof two lines"
    }

    @Test("breadth first with proposals and values, step by step")
    func breadthFirst() async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let method = try TreeOfThoughts(
            policy: .breadthFirst(breadth: 2), depth: 2, generator: .propose(8), evaluator: .value(samples: 3))
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        #expect(outcome.answer == Answer(text: "12"))
        // One proposal; three states, each valued by three samples; two proposals; of each three different next steps
        // (the repeated one is not asked again); the answer from the best.
        #expect(
            outcome.calls == [
                "propose 1.1", "value 1.1 <- 1", "value 1.2 <- 1", "value 1.3 <- 1",
                "propose 2.1 <- 2,3,4", "propose 2.2 <- 2,3,4",
                "value 2.1 <- 5", "value 2.2 <- 5", "value 2.3 <- 5", "value 2.4 <- 6", "value 2.5 <- 6",
                "value 2.6 <- 6",
                "answer <- 7,8,9,10,11,12",
            ])
        let last = engine.state.withLock { $0.prompts }.last ?? ""
        #expect(last.contains("Step 1: ax\nStep 2: dx\n"))
        checkRecord(outcome, engine: engine)
    }

    @Test("samples and votes")
    func votes() async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let method = try TreeOfThoughts(
            policy: .breadthFirst(breadth: 1), depth: 1, generator: .sample(4), evaluator: .vote(samples: 5))
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        #expect(outcome.answer == Answer(text: "12"))
        #expect(outcome.calls == ["think 1.1", "vote 1 <- 1", "answer <- 2"])
        #expect(outcome.metrics.threads == 3 + 4 + 5)
        let last = engine.state.withLock { $0.prompts }.last ?? ""
        #expect(last.contains("Step 1: one step of two lines\n"))
        checkRecord(outcome, engine: engine)
    }

    @Test("depth first ends at its first whole thought")
    func depthFirst() async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let method = try TreeOfThoughts(
            policy: .depthFirst(threshold: 0.5, expansions: 9), depth: 3, evaluator: .value(samples: 1))
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        #expect(outcome.answer == Answer(text: "12"))
        let proposals = outcome.calls.filter { $0.hasPrefix("propose") }
        #expect(proposals == ["propose 1.1", "propose 2.1 <- 2,3,4", "propose 3.1 <- 6,7,8"])
        let last = engine.state.withLock { $0.prompts }.last ?? ""
        #expect(last.contains("Step 1: ax\nStep 2: dx\nStep 3: dx\n"))
        checkRecord(outcome, engine: engine)
    }

    @Test("a beam, and a thought that states the answer needs no further call")
    func beam() async throws {
        let engine = ScriptedEngine.prompted { prompt in
            if prompt.contains("Judge whether") { return prompt.contains("Answer: 5") ? "sure" : "likely" }
            return Self.script(prompt)
        }
        let method = try TreeOfThoughts(policy: .beam(width: 2), depth: 2, evaluator: .value(samples: 1))
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        #expect(outcome.answer == Answer(text: "5"))
        #expect(!outcome.calls.contains { $0.hasPrefix("answer") })
        checkRecord(outcome, engine: engine)
    }

    @Test("a budget that ends in the search still leaves an answer, and says so", arguments: [12, 20, 40, 60, 90])
    func cut(tokens: Int) async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let outcome = try await ReasoningRun.answer(
            "q", by: try TreeOfThoughts(depth: 2), on: engine, budget: try Budget(totalTokens: tokens))
        #expect(outcome.answer.outcome == .tokenLimit)
        #expect(outcome.answer.text != nil)
        #expect(outcome.metrics.totalTokens <= tokens)
        checkRecord(outcome, engine: engine)
    }

    @Test("a broken engine gives no answer and says why")
    func broken() async throws {
        let engine = ScriptedEngine.prompted { _ in ScriptedEngine.Reply("", error: EngineError.failed("boom")) }
        let outcome = try await ReasoningRun.answer("q", by: try TreeOfThoughts(), on: engine)
        #expect(outcome.answer == Answer(text: nil, outcome: .failed("the engine failed: boom")))
        checkRecord(outcome, engine: engine)
    }

    @Test("options that make no sense are refused")
    func validation() {
        #expect(throws: RunError.invalidOption(name: "depth", value: 0, allowed: 1...32)) {
            try TreeOfThoughts(depth: 0)
        }
        #expect(throws: RunError.invalidOption(name: "breadth", value: 65, allowed: 1...64)) {
            try TreeOfThoughts(policy: .beam(width: 65))
        }
        #expect(throws: RunError.optionsConflict("a vote", "depth-first search, which needs values")) {
            try TreeOfThoughts(policy: .depthFirst(threshold: 1, expansions: 3), evaluator: .vote(samples: 1))
        }
        #expect(throws: RunError.missingPlaceholders(["steps"], prompt: "value")) {
            try TreeOfThoughts(prompts: .init(value: "{question}"))
        }
    }
}

extension String {
    /// What follows the last occurrence of a marker, or all.
    func components(after marker: String) -> String {
        guard let range = ranges(of: marker).last else { return self }
        return String(self[range.upperBound...])
    }
}
