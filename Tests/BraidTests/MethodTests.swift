import Braid
import Synchronization
import Testing

@Suite("Sequential, self-consistency and ThreadWeaver")
struct MethodTests {
    @Test("sequential does not fork, even when the model tries")
    func sequential() async throws {
        let engine = ScriptedEngine([
            "</Question>": " a<Parallel><Outlines><Outline>1: x</Outline></Outlines> b<Answer> 7</Answer>"
        ])
        let outcome = try await ReasoningRun.answer("q", by: Sequential(), on: engine)
        #expect(outcome.answer.text == "7")
        #expect(outcome.metrics.forks == 0)
        #expect(outcome.trajectory.malformedCount > 0)
        #expect(outcome.metrics.acceleration == 0)
        #expect(outcome.metrics.speedupSelf == 1)
    }

    @Test("self-consistency takes the most frequent answer from one prompt")
    func selfConsistency() async throws {
        let answers = Mutex([" 1,000", " 7", " 1000", " 8", " 1000 "])
        let engine = ScriptedEngine { _ in
            ScriptedEngine.Reply("<Answer>\(answers.withLock { $0.removeFirst() })</Answer>")
        }
        let outcome = try await ReasoningRun.answer("q", by: try SelfConsistency(samples: 5), on: engine)
        #expect(outcome.answer.text.map(Vote.normalised) == "1000")
        #expect(outcome.metrics.threads == 5)
        #expect(engine.state.withLock { $0.prompts.count } == 1)
        #expect(Set(engine.state.withLock { $0.seeds }).count == 5)
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("self-consistency refuses numbers that make no sense")
    func selfConsistencyLimits() async throws {
        #expect(throws: RunError.invalidOption(name: "samples", value: 0, allowed: 1...256)) {
            try SelfConsistency(samples: 0)
        }
        let engine = ScriptedEngine { _ in "<Answer> 1</Answer>" }
        let method = try SelfConsistency(samples: 5)
        await #expect(throws: RunError.invalidOption(name: "samples", value: 5, allowed: 1...4)) {
            try await ReasoningRun.answer("q", by: method, on: engine, budget: try Budget(maximumThreads: 4))
        }
    }

    static let weaving: @Sendable (String) -> ScriptedEngine.Reply = { context in
        if context.hasSuffix("assistant\n") {
            return """
                <think>\nhm<Parallel>\n<Outlines>\n<Outline>1: a</Outline>\n<Outline>2: b</Outline>\n</Outlines>
                """
        }
        if context.hasSuffix("<Thread>\n1:") { return " first\n</Thread>" }
        if context.hasSuffix("<Thread>\n2:") { return " second\n</Thread>" }
        if context.hasSuffix(
            "</Outlines>\n<Thread>\n1: first\n</Thread><Thread>\n2: second\n</Thread>\n")
        {
            return "</Parallel>\nfine</think>\nIt is \\boxed{42}.<|im_end|>"
        }
        return ScriptedEngine.Reply("", error: EngineError.failed("no reply to \(context.suffix(80))"))
    }

    @Test("ThreadWeaver's joined text and answer", arguments: [false, true])
    func threadWeaver(masksTokens: Bool) async throws {
        let engine = ScriptedEngine(
            tags: Dialect.threadWeaver.allTags.subtracting(["<Conclusion>", "</Conclusion>", "<|endoftext|>"]),
            masksTokens: masksTokens, script: Self.weaving)
        let outcome = try await ReasoningRun.answer("q", by: ThreadWeaver(), on: engine)
        #expect(outcome.answer == Answer(text: "42", written: "It is \\boxed{42}."))
        #expect(outcome.metrics.forks == 1)
        #expect(outcome.metrics.isStructureValid)
        #expect(engine.state.withLock { $0.violations }.isEmpty)
    }

    @Test("ThreadWeaver's response ends at a failed thread")
    func threadWeaverFailure() async throws {
        let engine = ScriptedEngine(tags: Dialect.threadWeaver.allTags) { context in
            context.hasSuffix("<Thread>\n2:") ? " second<|im_end|>" : Self.weaving(context)
        }
        let outcome = try await ReasoningRun.answer("q", by: ThreadWeaver(), on: engine)
        #expect(outcome.answer.text == nil)
        #expect(outcome.answer.whyIncomplete?.contains("0.2") == true)
    }

    @Test("an engine of the text tier is read by its tags")
    func textTier() async throws {
        let script = AdaptiveTests.twoRounds
        let engine = ScriptedEngine(tier: .text) { context in
            script.filter { context.hasSuffix($0.key) }.max { $0.key.count < $1.key.count }?.value ?? ""
        }
        let outcome = try await ReasoningRun.answer("297 + 20 + 4 * 5", by: Adaptive(), on: engine)
        #expect(outcome.answer.text == "337")
        #expect(engine.state.withLock { $0.joinedPieces }.contains(.text(" 317")))
    }

    @Test("a dialect that stitches adopts the threads that finished")
    func stitching() async throws {
        var dialect = Dialect.braid
        dialect.join = .stitch
        let engine = ScriptedEngine(stitches: true) { context in
            if context.hasSuffix("</Parallel>") { return "<Answer> ok</Answer>" }
            if context.hasSuffix("<Thread>1: a\n") { return "<Return> A</Return></Thread>" }
            if context.hasSuffix("<Thread>2: b\n") { return " lost</Thread>" }
            return "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline></Outlines>"
        }
        let outcome = try await ReasoningRun.answer("q", by: Adaptive(dialect: dialect), on: engine)
        #expect(outcome.answer.text == "ok")
        guard case .fork(let fork) = outcome.trajectory.root.steps[2] else {
            Issue.record("no fork: \(TrajectoryTree(outcome.trajectory))")
            return
        }
        #expect(fork.join == .stitch)
        #expect(engine.state.withLock { $0.openContexts } == 0)
        let plain = ScriptedEngine { _ in "" }
        #expect(throws: RunError.cannotStitch(dialect: "braid", engine: "scripted")) {
            try ReasoningRun("q", by: Adaptive(dialect: dialect), on: plain)
        }
    }
}
