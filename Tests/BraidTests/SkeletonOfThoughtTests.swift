import Synchronization
import Testing

@testable import Braid

@Suite("Skeleton-of-Thought")
struct SkeletonOfThoughtTests {
    static let script: @Sendable (String) -> ScriptedEngine.Reply = { prompt in
        if prompt.hasSuffix("The answer is") { return prompt.contains("list?") ? " A." : " C" }
        if prompt.hasSuffix("Skeleton:\n\n1.") {
            return prompt.contains("nothing") ? " \n" : " Eat well\n2. Sleep\n2. Twice\n3. Walk a lot\n\n4. Late"
        }
        if prompt.hasSuffix("1. Eat well") { return ": fruit, mostly." }
        if prompt.hasSuffix("2. Sleep") { return ": eight hours." }
        if prompt.hasSuffix("3. Walk a lot") { return "" }
        return " thinking\nAnswer: 7"
    }

    @Test("outline, then every point at the same time, then the points in order")
    func points() async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let outcome = try await ReasoningRun.answer("How? list?", by: try SkeletonOfThought(), on: engine)
        #expect(
            outcome.answer == Answer(text: "1. Eat well: fruit, mostly.\n2. Sleep: eight hours.\n3. Walk a lot"))
        #expect(outcome.calls == ["skeleton", "point 1 <- 1", "point 2 <- 1", "point 3 <- 1"])
        let prompts = engine.state.withLock { $0.prompts }
        #expect(prompts.count == 4)
        for prompt in prompts.dropFirst() {
            #expect(prompt.contains("\n\n1. Eat well\n2. Sleep\n3. Walk a lot\n\nQuestion:\nHow? list?\n"))
        }
        // The skeleton's stop cut it at the empty line; its tokens are the longest chain with the longest point's.
        #expect(outcome.metrics.criticalPathTokens < outcome.metrics.totalTokens)
        checkRecord(outcome, engine: engine)
    }

    @Test("the router sends other questions to a plain answer", arguments: [("a list?", 5), ("a sum", 2)])
    func router(question: String, calls: Int) async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let outcome = try await ReasoningRun.answer(
            Question(question), by: try SkeletonOfThought(usesRouter: true), on: engine)
        #expect(outcome.calls.count == calls && outcome.calls[0] == "router")
        #expect(outcome.calls[1] == (calls == 5 ? "skeleton <- 1" : "direct <- 1"))
        if calls == 2 { #expect(outcome.answer.text == "7") }
        checkRecord(outcome, engine: engine)
    }

    @Test("no points: the question is asked as it is")
    func noPoints() async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let outcome = try await ReasoningRun.answer("nothing", by: try SkeletonOfThought(), on: engine)
        #expect(outcome.answer == Answer(text: "7"))
        #expect(outcome.calls == ["skeleton", "direct <- 1"])
    }

    @Test("a budget that ends in the points leaves what is written, and says so")
    func cut() async throws {
        let engine = ScriptedEngine.prompted(script: Self.script)
        let outcome = try await ReasoningRun.answer(
            "How?", by: try SkeletonOfThought(), on: engine, budget: try Budget(maximumThreads: 1, totalTokens: 21))
        #expect(outcome.answer.outcome == .tokenLimit)
        #expect(outcome.answer.text?.hasPrefix("1. Eat well: fruit") == true)
        #expect(outcome.answer.text?.hasSuffix("3. Walk a lot") == true)
        checkRecord(outcome, engine: engine)
    }

    @Test("a deadline in the points leaves those that were written")
    func deadline() async throws {
        let clock = ManualClock()
        let engine = ScriptedEngine.prompted(
            onCall: { if $0 == .token(" hours.") { clock.advance(by: .seconds(10)) } },
            script: { prompt in
                prompt.hasSuffix("2. Sleep") ? ScriptedEngine.Reply(": eight hours.", hangs: true) : Self.script(prompt)
            })
        let outcome = try await ReasoningRun.answer(
            "How?", by: try SkeletonOfThought(), on: engine,
            budget: try Budget(maximumThreads: 1, deadline: .seconds(5)), clock: clock)
        #expect(outcome.answer.outcome == .timedOut)
        #expect(outcome.answer.text?.hasPrefix("1. Eat well: fruit, mostly.\n2. Sleep: eight hours.") == true)
        checkRecord(outcome, engine: engine)
    }

    @Test("prompts without their gaps are refused")
    func prompts() {
        #expect(throws: RunError.missingPlaceholders(["skeleton", "number"], prompt: "point")) {
            try SkeletonOfThought(prompts: .init(point: "{question} {point}"))
        }
    }
}
