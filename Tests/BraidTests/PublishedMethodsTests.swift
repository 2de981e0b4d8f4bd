import Braid
import Synchronization
import Testing

/// Each method's state machine as its paper's code runs it: what is sent, where it stops, what is joined, and its caps.
@Suite("Published methods, step by step")
struct PublishedMethodsTests {
    static let prompt = "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n"

    /// An engine that answers each context with the reply of the longest key that it ends with.
    static func engine(
        _ dialect: Dialect, masks: Bool = false, _ replies: [String: ScriptedEngine.Reply]
    ) -> ScriptedEngine {
        ScriptedEngine(tags: dialect.allTags, masksTokens: masks, stitches: true) { context in
            replies.filter { context.hasSuffix($0.key) }.max { $0.key.count < $1.key.count }?.value
                ?? ScriptedEngine.Reply("", error: EngineError.failed("no reply to …\(context.suffix(90))"))
        }
    }

    static func contexts(_ engine: ScriptedEngine) -> Set<String> {
        Set(engine.state.withLock { $0.decodes }.map(\.context))
    }

    /// The first fork of the main line.
    static func fork(_ outcome: RunOutcome) -> Fork? {
        for case .fork(let fork) in outcome.trajectory.root.steps { return fork }
        return nil
    }

    static func check(_ engine: ScriptedEngine) {
        let (violations, open) = engine.state.withLock { ($0.violations, $0.openContexts) }
        #expect(violations.isEmpty)
        #expect(open == 0)
    }

    // MARK: Multiverse

    static let goal =
        "We split.<Parallel>\n<Goal>\n<Outline>\n1: A\n</Outline>\n<Outline>\n2: B\n</Outline>\n</Goal>"
    static let inner = " deep<Parallel>\n<Goal>\n<Outline>\n1.1: x\n</Outline>\n</Goal>"
    static let multiverse: [String: ScriptedEngine.Reply] = [
        "assistant\n": .init(goal),
        "<Path>\n1:": .init(inner),
        "<Path>\n1.1:": " X\n</Path>",
        "<Path>\n1.1: X\n</Path>\n<Conclusion>\n": "so X\n</Conclusion>\n</Parallel> done\n</Path>",
        "<Path>\n2:": " B\n</Path>",
        "<Path>\n2: B\n</Path>\n<Conclusion>\n":
            "Both.\n</Conclusion>\n</Parallel>\nIt is \\boxed{4}.<|im_end|>",
    ]

    @Test("Multiverse forks at the goal, nests, adopts its paths and concludes", arguments: [false, true])
    func multiverse(masks: Bool) async throws {
        let engine = Self.engine(.multiverse, masks: masks, Self.multiverse)
        let outcome = try await ReasoningRun.answer("q", by: Multiverse(), on: engine)
        #expect(outcome.answer == Answer(text: "4", written: "It is \\boxed{4}."))
        #expect(outcome.metrics.isStructureValid)
        #expect(outcome.metrics.maximumDepth == 2)
        let forked = Self.prompt + Self.goal + "\n"
        let nested = forked + "<Path>\n1:" + Self.inner + "\n"
        let innerJoin = nested + "<Path>\n1.1: X\n</Path>\n<Conclusion>\n"
        #expect(
            Self.contexts(engine) == [
                Self.prompt, forked + "<Path>\n1:", forked + "<Path>\n2:", nested + "<Path>\n1.1:", innerJoin,
                innerJoin + "so X\n</Conclusion>\n</Parallel> done\n</Path>\n<Path>\n2: B\n</Path>\n<Conclusion>\n",
            ])
        for decode in engine.state.withLock({ $0.decodes }) {
            let isPath = decode.context.contains("<Path>") && !decode.context.hasSuffix("B\n</Path>\n<Conclusion>\n")
            #expect(
                decode.stops == Dialect.multiverse.ends.union(isPath ? ["</Goal>", "</Path>"] : ["</Goal>"]),
                "\(decode.context)")
        }
        Self.check(engine)
    }

    @Test("a path that was cut is closed and joined like the others")
    func multiverseCut() async throws {
        var replies = Self.multiverse
        replies["<Path>\n1:"] = " a long way round that never comes to an end"
        replies["<Path>\n1: a long way round\n</Path>\n<Path>\n2: B\n</Path>\n<Conclusion>\n"] =
            "Only B.\n</Conclusion>\n</Parallel> \\boxed{2}<|im_end|>"
        let engine = Self.engine(.multiverse, replies)
        let outcome = try await ReasoningRun.answer(
            "q", by: Multiverse(), on: engine, budget: try Budget(tokensPerThread: 4))
        #expect(outcome.answer.text == "2")
        #expect(outcome.trajectory.cutCount == 1)
        Self.check(engine)
    }

    @Test("with fewer than 30 tokens left Multiverse goes on in sequence")
    func multiverseShort() async throws {
        let engine = Self.engine(
            .multiverse, ["assistant\n": .init(Self.goal), "</Goal>": " \\boxed{1}<|im_end|>"])
        let outcome = try await ReasoningRun.answer(
            "q", by: Multiverse(), on: engine, budget: try Budget(totalTokens: 40))
        #expect(outcome.answer.text == "1")
        #expect(outcome.metrics.forks == 0)
        #expect(Self.contexts(engine) == [Self.prompt, Self.prompt + Self.goal])
        Self.check(engine)
    }

    @Test("Multiverse nests six deep and no deeper")
    func multiverseDepth() async throws {
        let engine = ScriptedEngine(tags: Dialect.multiverse.allTags, stitches: true) { context in
            if context.hasSuffix("<Conclusion>\n") {
                let isMain = context.ranges(of: "<Path>").count == context.ranges(of: "</Path>").count
                return .init("c\n</Conclusion>\n</Parallel>\n" + (isMain ? "<|im_end|>" : "</Path>"))
            }
            let label = context.split(separator: "<Path>\n").last.flatMap { $0.split(separator: ":").first } ?? ""
            let own = context.hasSuffix("assistant\n") ? "" : label + "."
            if context.hasSuffix("</Goal>") { return " leaf\n</Path>" }
            return ScriptedEngine.Reply("<Parallel>\n<Goal>\n<Outline>\n\(own)1: a\n</Outline>\n</Goal>")
        }
        let outcome = try await ReasoningRun.answer(
            "q", by: Multiverse(), on: engine, budget: try Budget(maximumDepth: 16))
        #expect(outcome.metrics.maximumDepth == 6)
        Self.check(engine)
    }

    // MARK: NPR

    static let guideline = "<guideline>\n<plan>1: P</plan>\n<plan>2: Q</plan>\n</guideline>"
    static let npr: [String: ScriptedEngine.Reply] = [
        "assistant\n": .init(guideline),
        "<step>\n1:": " p\n</step>",
        "<step>\n2:": " q\n</step>",
        "<step>\n2: q\n</step>\n<takeaway>\n": "Both give 12.\n</takeaway>\n\nIt is \\boxed{12}.<|im_end|>",
    ]

    @Test("NPR plans, steps and takes away", arguments: [false, true])
    func npr(masks: Bool) async throws {
        let engine = Self.engine(.npr, masks: masks, Self.npr)
        let outcome = try await ReasoningRun.answer("q", by: NPR(), on: engine)
        #expect(outcome.answer == Answer(text: "12", written: "It is \\boxed{12}."))
        #expect(outcome.metrics.isStructureValid)
        let forked = Self.prompt + Self.guideline + "\n"
        #expect(
            Self.contexts(engine) == [
                Self.prompt, forked + "<step>\n1:", forked + "<step>\n2:",
                forked + "<step>\n1: p\n</step>\n<step>\n2: q\n</step>\n<takeaway>\n",
            ])
        #expect(engine.state.withLock { $0.decodes }.filter { $0.stops.contains("</step>") }.count == 2)
        Self.check(engine)
    }

    @Test("a guideline of six plans, or of none, ends the response", arguments: [0, 6])
    func nprPlans(count: Int) async throws {
        let plans = (1...max(1, count)).prefix(count).map { "<plan>\($0): p</plan>\n" }.joined()
        let engine = Self.engine(
            .npr,
            [
                "assistant\n": .init("<guideline>\n\(plans)</guideline>"),
                "</guideline>": " \\boxed{1}<|im_end|>",
            ])
        let outcome = try await ReasoningRun.answer("q", by: NPR(), on: engine)
        #expect(outcome.answer.text == nil)
        #expect(outcome.metrics.forks == 0)
        if case .malformed = outcome.answer.outcome {} else { Issue.record("\(outcome.answer.outcome)") }
        Self.check(engine)
    }

    @Test("with fewer than 1024 tokens left NPR does not fork")
    func nprShort() async throws {
        let engine = Self.engine(.npr, ["assistant\n": .init(Self.guideline), "</guideline>": " \\boxed{1}<|im_end|>"])
        let outcome = try await ReasoningRun.answer("q", by: NPR(), on: engine, budget: try Budget(totalTokens: 1030))
        #expect(outcome.metrics.forks == 0)
        #expect(outcome.answer.text == "1")
        Self.check(engine)
    }

    // MARK: Parallel-R1

    @Test("Parallel-R1 forks at the tag, replaces an end of text, and summarises", arguments: [false, true])
    func parallelR1(masks: Bool) async throws {
        let paths = Mutex([" One way.</Path>", masks ? " Other way.</Path>" : " Other way.<|im_end|>"])
        let engine = ScriptedEngine(tags: Dialect.parallelR1.allTags, masksTokens: masks) { context in
            if context.hasSuffix("assistant\n") { return "Hm <Parallel>" }
            if context.hasSuffix("<Path>") { return .init(paths.withLock { $0.removeFirst() }) }
            return " Both give 26. </Summary> So \\boxed{26}<|im_end|>"
        }
        let outcome = try await ReasoningRun.answer("q", by: try ParallelR1(), on: engine)
        #expect(outcome.answer == Answer(text: "26", written: "So \\boxed{26}"))
        let decodes = engine.state.withLock { $0.decodes }
        #expect(decodes.count == 4)
        #expect(decodes[0] == .init(context: Self.prompt, stops: Dialect.parallelR1.ends.union(["<Parallel>"])))
        for path in decodes[1...2] {
            #expect(
                path
                    == .init(
                        context: Self.prompt + "Hm <Parallel><Path>", stops: Dialect.parallelR1.ends.union(["</Path>"])
                    ))
        }
        let ways = ["<Path> One way.</Path>", "<Path> Other way.</Path>"]
        let joined = [ways, ways.reversed()].map {
            Self.prompt + "Hm <Parallel>" + $0.joined() + "</Parallel>\n<Summary>"
        }
        #expect(joined.contains(decodes[3].context))
        #expect(Set(engine.state.withLock { $0.seeds }).count == 3)
        let fork = try #require(Self.fork(outcome))
        #expect(fork.outlines.isEmpty)
        #expect(fork.outlineTokens == 1)
        Self.check(engine)
    }

    @Test("Parallel-R1's unseen models adopt their paths")
    func parallelR1Unseen() async throws {
        let engine = Self.engine(
            .parallelR1Unseen,
            [
                "assistant\n": "<Parallel>", "<Path>": " way</Path>",
                "<Path> way</Path><Path> way</Path><Path> way</Path></Parallel>\n<Summary>":
                    " s</Summary> \\boxed{3}<|im_end|>",
            ])
        let outcome = try await ReasoningRun.answer(
            "q", by: try ParallelR1(paths: 3, dialect: .parallelR1Unseen), on: engine)
        #expect(outcome.answer.text == "3")
        #expect(outcome.metrics.isStructureValid)
        Self.check(engine)
    }

    @Test("Parallel-R1 has at most four blocks", arguments: [false, true])
    func parallelR1Blocks(masks: Bool) async throws {
        let engine = ScriptedEngine(tags: Dialect.parallelR1.allTags, masksTokens: masks) { context in
            if context.hasSuffix("<Path>") { return " way</Path>" }
            let blocks = context.split(separator: "</Parallel>", omittingEmptySubsequences: false).count - 1
            let summary = blocks == 0 ? "" : " s</Summary>"
            if blocks < 4 { return .init(summary + " again<Parallel>") }
            return masks ? .init(summary + " \\boxed{5}<|im_end|>") : .init(summary + " x<Parallel> y<|im_end|>")
        }
        let outcome = try await ReasoningRun.answer("q", by: try ParallelR1(), on: engine)
        #expect(outcome.metrics.forks == 4)
        #expect(outcome.answer.text == (masks ? "5" : nil))
        Self.check(engine)
        #expect(throws: RunError.invalidOption(name: "paths", value: 1, allowed: 2...64)) { try ParallelR1(paths: 1) }
    }

    // MARK: ParaThinker

    @Test("ParaThinker thinks in paths until one has ended, then sums up", arguments: [false, true])
    func paraThinker(masks: Bool) async throws {
        let replies: [String: ScriptedEngine.Reply] = [
            "<think1>": .init(" slow", hangs: true), "<think2>": " quick</think2>",
            "<think3>": .init(" stuck", hangs: true),
            "The final answer is": " \\boxed{7}</summary>",
        ]
        // The quick path waits until the others have begun, so that what they are stopped at is known.
        let begun = Mutex(0)
        let engine = ScriptedEngine(
            tags: Dialect.paraThinker.allTags, masksTokens: masks, stitches: true,
            onCall: { call in
                if call == .token(" slow") || call == .token(" stuck") { begun.withLock { $0 += 1 } }
                guard call == .token(" quick") else { return }
                for _ in 0..<1_000_000 {
                    if begun.withLock({ $0 }) == 2 { return }
                    await Task.yield()
                }
            },
            script: { context in
                replies.filter { context.hasSuffix($0.key) }.max { $0.key.count < $1.key.count }?.value ?? ""
            })
        let outcome = try await ReasoningRun.answer("q", by: try ParaThinker(paths: 3), on: engine)
        #expect(outcome.answer == Answer(text: "7", written: "\\boxed{7}"))
        #expect(AdaptiveTests.outcomes(outcome) == [.cancelled, .finished, .cancelled])
        let start = "<｜begin▁of▁sentence｜><｜User｜>q<｜Assistant｜><think>"
        let joined =
            "<think1> slow<think2> quick</think2><think3> stuck<summary>By analyzing multiple reasoning processes above, "
            + "I concluded that: The final answer is"
        #expect(
            Self.contexts(engine)
                == [start + "<think1>", start + "<think2>", start + "<think3>", start + joined])
        let stops = engine.state.withLock { $0.decodes }.first { $0.context.hasSuffix("<think2>") }?.stops
        #expect(stops == Dialect.paraThinker.ends.union(["</think2>"]))
        Self.check(engine)
    }

    @Test(
        "ParaThinker's paths carry the model's embeddings where it has one for each",
        arguments: [(3, [3]), (2, []), (0, [])])
    func paraThinkerEmbeddings(thoughts: Int, numbered: [Int]) async throws {
        let engine = ScriptedEngine(tags: Dialect.paraThinker.allTags, stitches: true, thoughts: thoughts) { context in
            guard let path = (1...3).first(where: { context.hasSuffix("<think\($0)>") }) else {
                return " \\boxed{7}</summary>"
            }
            return .init(" way</think\(path)>")
        }
        // A context to spare for another attempt would have the wrong number.
        let outcome = try await ReasoningRun.answer(
            "q", by: try ParaThinker(paths: 3), on: engine, controller: ControllerPolicy(retry: RetryRule()))
        #expect(outcome.answer.text == "7")
        #expect(engine.state.withLock { $0.numberedForks } == numbered)
        Self.check(engine)
    }

    // MARK: The APR method

    static let search = (
        main: """

        Exploring Operation: 7-4=3, Resulting Numbers: [9, 3, 3]
        Generated Node #0,0: 24:[9, 3, 3] Operation: 7-4=3
        Exploring Operation: 9-7=2, Resulting Numbers: [4, 3, 2]
        Generated Node #0,1: 24:[4, 3, 2] Operation: 9-7=2

        """,
        list: """
        <Calling Sub Searches>
        <Start Sub Search 0 at level 1> Moving to Node #0,1
        <Start Sub Search 1 at level 1> Moving to Node #0,0
        <End Calling Sub Searches>

        """,
        found: """

        Exploring Operation: 4*3=12, Resulting Numbers: [2, 12]
        24,24 equal: Goal Reached
        """,
        message: """
        Moving to Node #0,1
        Current State: 24:[4, 3, 2], Operations: ['9-7=2']
        24,24 equal: Goal Reached
        """,
        path: """
        Moving to Node #0
        24,24 equal: Goal Reached
        """
    )
    static let root = "<s>Moving to Node #0\nCurrent State: 24:[4, 9, 3, 7], Operations: []"
    static let children = [
        "<s>Moving to Node #0,1\nCurrent State: 24:[4, 3, 2], Operations: ['9-7=2']",
        "<s>Moving to Node #0,0\nCurrent State: 24:[9, 3, 3], Operations: ['7-4=3']",
    ]
    static let joined = """
        <Sub Searches>
        <Goal Reached in Sub Search 0 at level 1 at Node #0,1>
        \(search.message)
        <No Solution in Sub Search 1 at level 1 at Node #0,0>
        <End Sub Searches>

        """
    static let spawning: [String: ScriptedEngine.Reply] = [
        root: .init(search.main + search.list + "</s>"),
        children[0]: .init(search.found + "\n" + search.message + "</s>"),
        children[1]: "\nNo solution found.</s>",
        root + search.main + joined: .init("24,24 equal: Goal Reached\n" + search.path + "</s>"),
    ]

    @Test("a child sees its node alone, and the parent what it hands back", arguments: [false, true])
    func spawnJoin(masks: Bool) async throws {
        let engine = Self.engine(.apr, masks: masks, Self.spawning)
        let outcome = try await ReasoningRun.answer("24:[4, 9, 3, 7]", by: try AdaptiveSpawnJoin(), on: engine)
        #expect(outcome.answer == Answer(text: Self.search.path))
        #expect(outcome.metrics.threads == 2)
        #expect(outcome.metrics.isStructureValid)
        #expect(Self.contexts(engine) == Set(Self.spawning.keys))
        #expect(engine.state.withLock { $0.decodes }.allSatisfy { $0.stops == ["</s>"] })
        let fork = try #require(Self.fork(outcome))
        #expect(fork.outlines.map(\.text) == ["Node #0,1", "Node #0,0"])
        #expect(fork.threads.map(\.returned) == [Self.search.message, nil])
        Self.check(engine)
    }

    @Test("a parent that begins to write results itself is put back to the beginning of a list")
    func spawnJoinRepair() async throws {
        var replies = Self.spawning
        replies[Self.root] = .init(Self.search.main + "<Sub Searches>\n<Goal Reached in</s>")
        replies[Self.root + Self.search.main + "<Calling Sub Searches>"] = .init(
            String(Self.search.list.dropFirst("<Calling Sub Searches>".count)) + "</s>")
        let engine = Self.engine(.apr, replies)
        let outcome = try await ReasoningRun.answer("24:[4, 9, 3, 7]", by: try AdaptiveSpawnJoin(), on: engine)
        #expect(outcome.answer == Answer(text: Self.search.path))
        #expect(Self.contexts(engine) == Set(replies.keys))
        Self.check(engine)
    }

    @Test("a message that names no node fails its child alone, and a list that is not the last line spawns nothing")
    func spawnJoinFailures() async throws {
        let engine = Self.engine(
            .apr,
            [
                Self.root: .init(
                    Self.search.main + Self.search.list.replacing("#0,1", with: "#7") + "</s>"),
                Self.children[1]: .init(Self.search.found + "\n" + Self.search.path + "</s>"),
                "<End Sub Searches>\n": .init(Self.search.list + "or not</s>"),
            ])
        let outcome = try await ReasoningRun.answer("24:[4, 9, 3, 7]", by: try AdaptiveSpawnJoin(), on: engine)
        #expect(outcome.answer.text == nil)
        #expect(outcome.metrics.forks == 1)
        #expect(
            AdaptiveTests.outcomes(outcome)
                == [.failed("its message names nothing that its parent has written"), .finished])
        Self.check(engine)
    }

    @Test("a budget of children is told in the prompt, not to children")
    func subCallBudget() throws {
        let method = try AdaptiveSpawnJoin(subCallBudget: 10)
        #expect(
            method.dialect.prompt(for: "24:[1]").rendered
                == "<s>Sub Call Budget: 10 Moving to Node #0\nCurrent State: 24:[1], Operations: []")
        #expect(throws: RunError.self) { try AdaptiveSpawnJoin(subCallBudget: -1) }
    }

    // MARK: User text

    @Test("a user's text that contains any dialect's tags is never control", arguments: DialectCatalogue.all)
    func userText(dialect: Dialect) async throws {
        let tags = DialectCatalogue.all.flatMap { $0.allTags.sorted() }.joined(separator: "\n")
        let lists = Self.search.list + Self.joined + Self.search.main
        let question = Question(tags + "\n" + lists)
        #expect(dialect.prompt(for: question).pieces.contains(.text(question.text)))
        let end = dialect.ends.sorted()[0]
        let engine = ScriptedEngine(tags: dialect.allTags, stitches: true) { context in
            // The model says the question again, as plain text, then answers.
            if context.hasSuffix("<Answer>") { return " 1</Answer>" }
            let close = (1...8).first { context.hasSuffix("<think\($0)>") }.map { "</think\($0)>" }
            return .init(
                " fine " + (close ?? "<Answer> 1</Answer>".prefix(dialect == .braid ? 99 : 0) + "\\boxed{1}" + end))
        }
        let run = try ReasoningRun(question, by: Adaptive(dialect: dialect), on: engine)
        let outcome = try await run.answer()
        let forksByItself = if case .start = dialect.forkPoint { 1 } else { 0 }
        #expect(outcome.metrics.forks == forksByItself)
        #expect(outcome.metrics.isStructureValid)
        Self.check(engine)
        // Echoed by a model as plain tokens, the same text is still no structure where tags are tokens.
        guard dialect.messages == nil else { return }
        var parser = DialectParser(dialect)
        let events = parser.consume(DecodedToken(id: 0, text: question.text)) + parser.finish()
        #expect(events == [.text(question.text)])
    }
}
