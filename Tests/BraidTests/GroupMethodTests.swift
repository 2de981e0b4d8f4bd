import Braid
import Synchronization
import Testing

@Suite("Hogwild! and Group Think")
struct GroupMethodTests {
    private static let boxed: Dialect = {
        var dialect = Dialect.threadWeaver
        dialect.think = nil
        return dialect
    }()

    private static func engine(
        contextLength: Int = 100_000, script: @escaping @Sendable (String) -> ScriptedEngine.Reply
    ) -> ScriptedEngine {
        ScriptedEngine(
            tags: boxed.allTags, contextLength: contextLength, groupsContexts: true, script: script)
    }

    /// Says the next word of what each worker is to write after its last prefix.
    private static func writing(_ texts: [String: String]) -> @Sendable (String) -> ScriptedEngine.Reply {
        { view in
            for (prefix, text) in texts {
                guard let start = view.ranges(of: prefix).last?.upperBound else { continue }
                let written = String(view[start...])
                guard text.hasPrefix(written), written != text else { continue }
                return ScriptedEngine.Reply(String(text.dropFirst(written.count)))
            }
            return ScriptedEngine.Reply("", error: EngineError.failed("no reply to …\(view.suffix(80))"))
        }
    }

    private static func threads(_ outcome: RunOutcome) throws -> [ReasoningThread] {
        try #require(
            outcome.trajectory.root.steps.compactMap { step in
                if case .fork(let fork) = step { fork.threads } else { nil }
            }.first)
    }

    @Test("workers see each other's last token, publish finished steps, and end with a boxed answer")
    func hogwild() async throws {
        let engine = Self.engine(
            script: Self.writing([
                "Here's how we can": " split it.\n\n", "**Bob [1]:** Hi, I'm Bob.": " Fine. I take two.\n\n",
                "**Alice [2]:** ": "so \\boxed{4}.\n\n", "**Bob [2]:** ": "I wait for Alice to end it all.\n\n",
            ]))
        let outcome = try await ReasoningRun.answer(
            "2 + 2", by: try HogwildInference(dialect: Self.boxed), on: engine)
        #expect(outcome.answer == Answer(text: "4"))
        let (views, published) = engine.state.withLock { ($0.views, $0.published) }
        let header = "\n\n### Work in progress (others)\n\n", own = "<...>\n\n### Work in progress (own)\n\n"
        let past = try #require(views.first?.first?.split(separator: header).first.map(String.init))
        #expect(past.hasSuffix("assistant\n### Past steps\n\n"))
        #expect(past.contains("2 assistants solve one problem together: Alice, Bob."))
        #expect(
            views[0] == [
                past + header + "**Bob [1]:** Hi, I'm Bob." + own + "**Alice [1]:** Hi, I'm Alice. Here's how we can",
                past + header + "**Alice [1]:** Hi, I'm Alice. Here's how we can" + own + "**Bob [1]:** Hi, I'm Bob.",
            ])
        // One step later each sees the token that the other one drew in the step before, and no other.
        #expect(views[1][0].contains("**Bob [1]:** Hi, I'm Bob. Fine." + own))
        #expect(views[1][1].contains("Here's how we can split" + own))
        // Alice's first step is in the past of both as soon as it is finished.
        let finished = try #require(views.firstIndex { $0[0].contains("**Alice [2]:** ") })
        for view in views[finished] {
            #expect(view.hasPrefix(past + "**Alice [1]:** Hi, I'm Alice. Here's how we can split it."))
        }
        #expect(published == [0, 1, 0])
        #expect(engine.state.withLock { $0.openContexts } == 0)

        let options = try #require(engine.state.withLock { $0.groups.first })
        #expect(options.stops == nil)
        #expect(options.forbidden.isSuperset(of: ["#", "</think>", "<|im_end|>", "<Parallel>"]))
        #expect(Set(options.seeds).count == 2)
        // The critical path is steps, not the sum of all tokens.
        #expect(outcome.metrics.criticalPathTokens == views.count)
        #expect(outcome.metrics.totalTokens == 2 * views.count)
        #expect(outcome.metrics.threads == 2)
        let alice = try Self.threads(outcome)[0]
        let origins = alice.steps.compactMap { if case .segment(let segment) = $0 { segment.origin } else { nil } }
        #expect(origins == [.seed, .model, .inserted, .model, .inserted])
    }

    @Test("without an answer one line concludes from past and unfinished steps, in 16 greedy tokens")
    func hogwildFinisher() async throws {
        let engine = Self.engine { view in
            if view.hasSuffix("the final answer is \\boxed{") {
                return "42} and so on and on and on and on and on a b c d e f"
            }
            return view.hasSuffix("Bob.") || view.hasSuffix("b") ? " b" : " a"
        }
        let outcome = try await ReasoningRun.answer(
            "6 * 7", by: try HogwildInference(dialect: Self.boxed), on: engine,
            budget: try Budget(tokensPerThread: 5), sampling: SamplingParameters(temperature: 1))
        #expect(outcome.answer == Answer(text: "42"))
        let last = try #require(
            outcome.trajectory.root.steps.compactMap { step in
                if case .segment(let segment) = step, segment.origin == .joined { segment.text } else { nil }
            }.last)
        // Token ids are left out of texts for people; the engine has read them.
        #expect(
            last.hasPrefix("\n\n### Work in progress (others)\n\n**Alice [1]:** Hi, I'm Alice. Here's how we can<...>"))
        #expect(
            last.hasSuffix(
                "<...>\n\n\n\nWait, given the limited time, I have to give an answer right now. Considering all "
                    + "my previous attempts, I have to conclude that the final answer is \\boxed{"))
        #expect(outcome.metrics.totalTokens == 10 + 16)
        #expect(outcome.metrics.criticalPathTokens == 5 + 16)
        #expect(try Self.threads(outcome).map(\.outcome) == [.tokenLimit, .tokenLimit])
        #expect(outcome.trajectory.cutCount == 2)
    }

    @Test("after more than 256 tokens a new step begins with the question whether work is redundant")
    func redundancyCheck() async throws {
        let engine = Self.engine { view in
            if view.hasSuffix(".") { return "\n\n" }
            if view.contains("redundant work? (yes/no): ") { return "\\boxed{1}." }
            return view.count % 7 == 0 ? " end." : " w"
        }
        let outcome = try await ReasoningRun.answer(
            "q", by: try HogwildInference(dialect: Self.boxed), on: engine, budget: try Budget(tokensPerThread: 1000))
        let inserted = try Self.threads(outcome).flatMap(\.steps).compactMap { step in
            if case .segment(let segment) = step, segment.origin == .inserted { segment.text } else { nil }
        }
        #expect(inserted.contains { $0.hasSuffix(":** Quick check: am I doing redundant work? (yes/no): ") })
    }

    @Test("the layouts say what is seen", arguments: HogwildInference.Layout.allCases)
    func layouts(_ layout: HogwildInference.Layout) async throws {
        let engine = Self.engine { view in view.hasSuffix("Bob.") ? " b" : view.hasSuffix("b") ? " \\boxed{7}" : " a" }
        let outcome = try await ReasoningRun.answer(
            "q", by: try HogwildInference(workers: 3, layout: layout, dialect: Self.boxed), on: engine,
            budget: try Budget(tokensPerThread: 4))
        let view = try #require(engine.state.withLock { $0.views.first?.first })
        switch layout {
        case .combined:
            #expect(view.contains("(others)\n\n**Bob [1]:** Hi, I'm Bob.**Carol [1]:** Hi, I'm Carol.<...>"))
        case .interleaved:
            #expect(!view.contains("Bob [1]"))
            #expect(
                view.hasSuffix(
                    "### Past steps\n\n\n\n### Work in progress (own)\n\n**Alice [1]:** Hi, I'm Alice. "
                        + "Here's how we can"))
        case .contiguous:
            #expect(view.contains("assistant\n\n\n# Bob workspace\n\n**Bob [1]:** Hi, I'm Bob.\n\n# Carol workspace"))
            #expect(view.contains(" <the assistant will continue here>\n\n\n\n# Alice workspace"))
            #expect(outcome.answer == Answer(text: "7"))
        }
    }

    @Test("thinkers see every earlier token of all, stop one by one, and vote")
    func groupThink() async throws {
        let engine = ScriptedEngine(tags: Dialect.braid.allTags, groupsContexts: true) { view in
            if view.hasSuffix("</Answer>") { return "x" }
            if view.hasSuffix("<Answer>") { return " 9" }
            if view.hasSuffix(" 9") { return "</Answer>" }
            if view.hasSuffix("Thinker 3:") { return " slow" }
            return view.hasSuffix("slow") ? " slower" : "<Answer>"
        }
        let outcome = try await ReasoningRun.answer("q", by: try GroupThink(workers: 3, tokens: 16), on: engine)
        #expect(outcome.answer == Answer(text: "9"))
        let views = engine.state.withLock { $0.views }
        #expect(views.map(\.count) == [3, 3, 3, 1, 1])
        #expect(views[0][1].hasSuffix("</Question>Thinker 1:Thinker 3:Thinker 2:"))
        #expect(views[1][1].hasSuffix("</Question>Thinker 1:<Answer>Thinker 3: slowThinker 2:<Answer>"))
        #expect(outcome.metrics.criticalPathTokens == 5)
        #expect(outcome.metrics.totalTokens == 11)
        #expect(engine.state.withLock { $0.groups.first?.view } == .slots(length: 16))
        #expect(engine.state.withLock { $0.groups.first?.stops } == ["</Answer>"])
        #expect(engine.state.withLock { $0.openContexts } == 0)
        #expect(try Self.threads(outcome).map(\.outcome) == [.finished, .finished, .finished])
    }

    @Test("a full slot cuts its thinker; a slot takes no more than the context leaves")
    func groupThinkLimits() async throws {
        let engine = ScriptedEngine(tags: Dialect.braid.allTags, contextLength: 200, groupsContexts: true) { _ in " w" }
        let outcome = try await ReasoningRun.answer("q", by: try GroupThink(workers: 4), on: engine)
        #expect(outcome.answer == Answer(text: nil, outcome: .tokenLimit))
        guard case .slots(let length)? = engine.state.withLock({ $0.groups.first?.view }) else {
            Issue.record("no slots")
            return
        }
        #expect(length < 50 && length > 10)
        // A name of two words, then tokens up to the end of the slot.
        #expect(engine.state.withLock { $0.views.count } == length - 2)
        #expect(try Self.threads(outcome).map(\.outcome) == Array(repeating: .tokenLimit, count: 4))
    }

    @Test("engines without groups are refused by name; numbers that make no sense too")
    func refusals() async throws {
        let engine = ScriptedEngine { _ in "x" }
        #expect(throws: RunError.cannotGroup(method: "groupthink", engine: "scripted")) {
            try ReasoningRun("q", by: try GroupThink(), on: engine)
        }
        #expect(throws: RunError.cannotGroup(method: "hogwild", engine: "scripted")) {
            try ReasoningRun("q", by: try HogwildInference(), on: engine)
        }
        #expect(RunError.cannotGroup(method: "hogwild", engine: "e").description.contains("use the embedded engine"))
        #expect(throws: RunError.invalidOption(name: "workers", value: 9, allowed: 2...8)) {
            try HogwildInference(workers: 9)
        }
        #expect(throws: RunError.invalidOption(name: "workers", value: 1, allowed: 2...16)) {
            try GroupThink(workers: 1)
        }
        #expect(throws: RunError.invalidOption(name: "tokens of a worker", value: 1, allowed: 16...65536)) {
            try GroupThink(tokens: 1)
        }
        let grouping = ScriptedEngine(groupsContexts: true) { _ in "x" }
        let method = try GroupThink(workers: 4)
        await #expect(throws: RunError.invalidOption(name: "workers", value: 4, allowed: 0...3)) {
            try await ReasoningRun.answer("q", by: method, on: grouping, budget: try Budget(maximumThreads: 3))
        }
        #expect(grouping.state.withLock { $0.openContexts } == 0)
    }

    @Test("whatever goes wrong in a step, the group is closed")
    func failures() async throws {
        let failing = ScriptedEngine(groupsContexts: true) { _ in
            ScriptedEngine.Reply("", error: EngineError.failed("broken"))
        }
        let method = try GroupThink()
        await #expect(throws: EngineError.failed("broken")) {
            try await ReasoningRun.answer("q", by: method, on: failing)
        }
        #expect(failing.state.withLock { $0.openContexts } == 0)

        let full = ScriptedEngine(groupsContexts: true) { _ in
            ScriptedEngine.Reply("", error: EngineError.contextTooLong(tokens: 9, limit: 8))
        }
        let outcome = try await ReasoningRun.answer("q", by: method, on: full)
        #expect(outcome.answer == Answer(text: nil, outcome: .contextFull))

        let hanging = ScriptedEngine(groupsContexts: true) { _ in ScriptedEngine.Reply("", hangs: true) }
        let task = Task { try await ReasoningRun.answer("q", by: method, on: hanging) }
        while hanging.state.withLock({ $0.views.isEmpty }) { await Task.yield() }
        task.cancel()
        let cancelled = try await task.value
        #expect(cancelled.answer == Answer(text: nil, outcome: .cancelled))
        #expect(try Self.threads(cancelled).map(\.outcome) == Array(repeating: .cancelled, count: 4))
        #expect(hanging.state.withLock { $0.openContexts } == 0)
    }
}
