import Synchronization
import Testing

@testable import Braid

@Suite("Best-of-n, budget forcing, and methods in plain words")
struct SampledMethodTests {
    /// Answers in the braid dialect, one after the other.
    static func engine(_ answers: [(String, Float)]) -> ScriptedEngine {
        let left = Mutex(answers)
        return ScriptedEngine(ends: ["</Answer>"], logProbabilities: true) { prompt in
            if prompt.contains("Grade how likely") {
                let thought = prompt.components(after: "to it:\n\n")
                return ScriptedEngine.Reply(
                    thought.hasPrefix("8") ? " The grade is 9</Answer>" : " The grade is 3</Answer>")
            }
            let (answer, value) = left.withLock { $0.removeFirst() }
            return ScriptedEngine.Reply(" x<Answer>\(answer)</Answer>", logProbability: value)
        }
    }

    static let answers: [(String, Float)] = [(" 7", -0.5), (" 8", -0.9), (" 7", -0.6), (" 9", -0.1)]

    @Test("an exact check, log-probabilities, and the model as judge")
    func verifiers() async throws {
        let exact = try BestOfN(samples: 4, verifier: .exact { answer, _ in answer == "8" })
        var outcome = try await ReasoningRun.answer("q", by: exact, on: Self.engine(Self.answers))
        #expect(outcome.answer == Answer(text: "8"))
        checkRecord(outcome)
        // Nothing right: the most frequent; nothing known: too.
        outcome = try await ReasoningRun.answer(
            "q", by: try BestOfN(samples: 4, verifier: .exact { _, _ in nil }), on: Self.engine(Self.answers))
        #expect(outcome.answer == Answer(text: "7"))
        outcome = try await ReasoningRun.answer(
            "q", by: try BestOfN(samples: 4, verifier: .logProbability), on: Self.engine(Self.answers))
        #expect(outcome.answer == Answer(text: "9"))
        let engine = Self.engine(Self.answers)
        outcome = try await ReasoningRun.answer(
            "q", by: try BestOfN(samples: 4, verifier: .judge(.grade, samples: 2)), on: engine)
        #expect(outcome.answer == Answer(text: "8"))
        // Equal answers are judged once; grades come after all samples.
        #expect(outcome.calls == ["grade 1", "grade 2", "grade 3"])
        #expect(outcome.metrics.criticalPathTokens == 4 + 5)
        checkRecord(outcome, engine: engine)
    }

    @Test("verifiers that cannot work are refused")
    func unusable() async throws {
        let engine = ScriptedEngine { _ in "<Answer> 1</Answer>" }
        await #expect(throws: EngineError.self) {
            try await ReasoningRun.answer("q", by: try BestOfN(samples: 2, verifier: .logProbability), on: engine)
        }
        #expect(throws: RunError.missingPlaceholders(["thought"], prompt: "judge")) {
            try BestOfN(samples: 2, verifier: .judge("{question}", samples: 1))
        }
        #expect(throws: RunError.invalidOption(name: "grades", value: 0, allowed: 1...64)) {
            try BestOfN(samples: 2, verifier: .judge(.grade, samples: 0))
        }
    }

    @Test("self-consistency, best-of-n and sequential in plain words")
    func plainWords() async throws {
        let count = Mutex(0)
        let script: @Sendable (String) -> ScriptedEngine.Reply = { prompt in
            if prompt.contains("Grade how likely") { return " The grade is 4" }
            return count.withLock { count in
                count += 1
                return ScriptedEngine.Reply(" so\nAnswer: \(count % 3 == 0 ? "6" : "5")")
            }
        }
        var engine = ScriptedEngine.prompted(script: script)
        var outcome = try await ReasoningRun.answer(
            "q", by: try SelfConsistency(samples: 6, asking: .direct), on: engine)
        #expect(outcome.answer == Answer(text: "5") && outcome.calls == ["answer"])
        checkRecord(outcome, engine: engine)
        engine = ScriptedEngine.prompted(script: script)
        outcome = try await ReasoningRun.answer(
            "q", by: try BestOfN(samples: 3, verifier: .judge(.grade, samples: 1), frame: .words(.direct)), on: engine)
        #expect(outcome.answer == Answer(text: "5") && outcome.calls == ["answer", "grade 1 <- 1", "grade 2 <- 1"])
        checkRecord(outcome, engine: engine)
        engine = ScriptedEngine.prompted(script: script)
        outcome = try await ReasoningRun.answer("q", by: try Sequential(asking: .direct), on: engine)
        #expect(outcome.answer == Answer(text: "5") && outcome.calls == ["answer"])
        checkRecord(outcome, engine: engine)
    }

    @Test("self-consistency that is stopped answers by the votes so far")
    func stoppedVote() async throws {
        let clock = ManualClock()
        let count = Mutex(0)
        let engine = ScriptedEngine(
            onCall: { if $0 == .token(" late") { clock.advance(by: .seconds(9)) } },
            script: { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return number == 3 ? ScriptedEngine.Reply(" w w w w w w late", hangs: true) : "<Answer> 4</Answer>"
            })
        let outcome = try await ReasoningRun.answer(
            "q", by: try SelfConsistency(samples: 3), on: engine, budget: try Budget(deadline: .seconds(5)),
            clock: clock)
        #expect(outcome.answer.outcome == .timedOut)
        #expect(outcome.answer.text == "4" || outcome.answer.text == nil)
        checkRecord(outcome, engine: engine)
    }

    @Test("budget forcing ignores the end of the thinking and goes on after it", arguments: [false, true])
    func forcing(masksTokens: Bool) async throws {
        let engine = ScriptedEngine(
            [
                "</Question>": " first<Answer> 1</Answer>", " first Wait": " second<Answer> 2</Answer>",
                " first Wait second Wait": " third<Answer> 3</Answer>", "<Answer>": " 3</Answer>",
            ], masksTokens: masksTokens)
        let method = Sequential(forcing: try BudgetForcing(extensions: 2, appended: " Wait"))
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        #expect(outcome.answer == Answer(text: "3"))
        let segments = outcome.trajectory.root.steps.compactMap { step in
            if case .segment(let segment) = step { "\(segment.origin.rawValue):\(segment.text)" } else { nil }
        }
        #expect(
            segments == [
                "prompt:<Question>q</Question>", "model: first", "inserted: Wait", "model: second", "inserted: Wait",
                "model: third<Answer> 3</Answer>",
            ])
        #expect(outcome.metrics.isStructureValid && outcome.metrics.forks == 0)
        checkRecord(outcome, engine: engine)
    }

    @Test("budget forcing ends thinking that is too long", arguments: [false, true])
    func forcedEnd(masksTokens: Bool) async throws {
        let engine = ScriptedEngine(
            ["</Question>": " a b c d e f<Answer> 1</Answer>", " a b c<Answer>": " 9</Answer>"],
            masksTokens: masksTokens)
        let outcome = try await ReasoningRun.answer(
            "q", by: Sequential(forcing: try BudgetForcing(maximumThinkingTokens: 3)), on: engine)
        #expect(outcome.answer == Answer(text: "9"))
        #expect(outcome.metrics.totalTokens == 3 + 2)
        checkRecord(outcome, engine: engine)
    }

    @Test("budget forcing in the words of a dialect with thinking tags")
    func forcedThinking() async throws {
        let engine = ScriptedEngine(tags: Dialect.threadWeaver.allTags) { context in
            if context.hasSuffix("Wait") { return " more</think>It is \\boxed{4}.<|im_end|>" }
            if context.hasSuffix("</think>") { return "It is \\boxed{4}.<|im_end|>" }
            return "<think>\nhm</think>It is \\boxed{3}.<|im_end|>"
        }
        let outcome = try await ReasoningRun.answer(
            "q", by: Sequential(dialect: .threadWeaver, forcing: try BudgetForcing(extensions: 1)), on: engine)
        #expect(outcome.answer == Answer(text: "4", written: "It is \\boxed{4}."))
        checkRecord(outcome, engine: engine)
    }

    @Test("budget forcing in plain words")
    func forcedWords() async throws {
        let engine = ScriptedEngine.prompted { prompt in
            if prompt.hasSuffix("Answer:") {
                return ScriptedEngine.Reply(prompt.contains("Wait two") ? " 2\nmore" : " 1")
            }
            return prompt.hasSuffix("Wait") ? " two\nAnswer: 2" : " one\nAnswer: 1"
        }
        let outcome = try await ReasoningRun.answer(
            "q", by: try Sequential(asking: .direct, forcing: try BudgetForcing(extensions: 1)), on: engine)
        #expect(outcome.answer == Answer(text: "2"))
        #expect(outcome.calls == ["think", "think <- 1", "answer <- 2"])
        checkRecord(outcome, engine: engine)
        #expect(throws: RunError.invalidOption(name: "extensions", value: 65, allowed: 0...64)) {
            try BudgetForcing(extensions: 65)
        }
    }
}
