import Braid
import Synchronization
import Testing

@Suite("Adaptive forks and joins")
struct AdaptiveTests {
    /// Two rounds; the model sees returns only.
    static let twoRounds: [String: ScriptedEngine.Reply] = [
        "<Question>297 + 20 + 4 * 5</Question>":
            " Split.<Parallel><Outlines><Outline>1: 297 + 20</Outline><Outline>2: 4 * 5</Outline></Outlines>",
        "<Thread>1: 297 + 20\n": " 297 and 20 is 317<Return> 317</Return></Thread>",
        "<Thread>2: 4 * 5\n": " four fives<Return> 20</Return></Thread>",
        "</Outlines><Return>1: 317</Return><Return>2: 20</Return></Parallel>":
            " Again.<Parallel><Outlines><Outline>1: 317 + 20</Outline></Outlines>",
        "<Thread>1: 317 + 20\n": " so<Return> 337</Return></Thread>",
        "</Outlines><Return>1: 337</Return></Parallel>": "<Answer> 337</Answer>",
    ]

    @Test("two rounds, with and without a token mask", arguments: [false, true])
    func twoRounds(masksTokens: Bool) async throws {
        let engine = ScriptedEngine(Self.twoRounds, masksTokens: masksTokens)
        let outcome = try await ReasoningRun.answer("297 + 20 + 4 * 5", by: Adaptive(), on: engine)
        #expect(outcome.answer == Answer(text: "337"))
        #expect(outcome.metrics.forks == 2)
        #expect(outcome.metrics.threads == 3)
        #expect(outcome.metrics.maximumDepth == 1)
        #expect(outcome.metrics.isStructureValid)
        #expect(engine.state.withLock { $0.openContexts } == 0)
        #expect(engine.state.withLock { $0.violations }.isEmpty)
        let root = outcome.trajectory.root
        #expect(root.outcome == .finished)
        guard case .fork(let first) = root.steps[3], case .fork(let second) = root.steps[7] else {
            Issue.record("unexpected steps: \(TrajectoryTree(outcome.trajectory))")
            return
        }
        #expect(first.threads.map(\.id) == ["0.1", "0.2"])
        #expect(second.threads.map(\.id) == ["0.3"])
        #expect(first.threads.map(\.returned) == ["317", "20"])
        #expect(first.join == .reprefill)
    }

    @Test("the joined text has exactly the dialect's pieces")
    func joinedPieces() async throws {
        let engine = ScriptedEngine(Self.twoRounds)
        _ = try await ReasoningRun.answer("297 + 20 + 4 * 5", by: Adaptive(), on: engine)
        let pieces = engine.state.withLock { $0.joinedPieces }.prefix(9)
        #expect(
            Array(pieces) == [
                .control("<Return>"), .text("1:"), .tokens([engine.id(of: " 317")]), .control("</Return>"),
                .control("<Return>"), .text("2:"), .tokens([engine.id(of: " 20")]), .control("</Return>"),
                .control("</Parallel>"),
            ])
    }

    @Test(
        "an answer may name a thread of the last block, whose return it then is",
        arguments: [
            ("2:", "4 - 3"), (" 1:", "1 + 2"), ("3:", nil), ("4:", "4:"), ("2", "2"), ("at 2:", "at 2:"), (":", ":"),
        ] as [(String, String?)])
    func answerByNumber(written: String, answer: String?) async throws {
        let engine = ScriptedEngine([
            "</Question>":
                "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline><Outline>3: c</Outline></Outlines>",
            "<Thread>1: a\n": "<Return> 1 + 2</Return></Thread>",
            "<Thread>2: b\n": "<Return> 4 - 3</Return></Thread>",
            "<Thread>3: c\n": " forgets to return</Thread>",
            "</Return></Parallel>": ScriptedEngine.Reply("<Answer>\(written)</Answer>"),
        ])
        let outcome = try await ReasoningRun.answer("which?", by: Adaptive(), on: engine)
        #expect(outcome.answer.text == answer)
    }

    @Test("a thread may fork itself")
    func nestedFork() async throws {
        let engine = ScriptedEngine(
            [
                "</Question>": "<Parallel><Outlines><Outline>1: outer</Outline></Outlines>",
                "<Thread>1: outer\n":
                    " deeper<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline></Outlines>",
                "<Thread>1: a\n": "<Return> A</Return></Thread>",
                "<Thread>2: b\n": " long way round<Return> B</Return></Thread>",
                "<Return>1: A</Return><Return>2: B</Return></Parallel>": " so<Return> AB</Return></Thread>",
                "</Outlines><Return>1: AB</Return></Parallel>": "<Answer> AB</Answer>",
            ], masksTokens: true)
        let outcome = try await ReasoningRun.answer("go", by: Adaptive(), on: engine)
        #expect(outcome.answer.text == "AB")
        #expect(outcome.metrics.maximumDepth == 2)
        #expect(outcome.metrics.threads == 3)
        // Tokens are tags and words, and a number with its colon.
        let main = 7 + 3
        let outer = 1 + 11 + 5
        #expect(outcome.metrics.totalTokens == main + outer + 4 + 7)
        #expect(outcome.metrics.criticalPathTokens == main + outer + 7)
    }

    @Test("a thread waits for those it comes after and sees their returns")
    func dependencies() async throws {
        let engine = ScriptedEngine([
            "</Question>":
                "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline><Outline>3 after 2,1: c</Outline></Outlines>",
            "<Thread>1: a\n": " x y z<Return> A</Return></Thread>",
            "<Thread>2: b\n": "<Return> B</Return></Thread>",
            "</Outlines><Return>2: B</Return><Return>1: A</Return><Thread>3: c\n": "<Return> C</Return></Thread>",
            "<Return>1: A</Return><Return>2: B</Return><Return>3: C</Return></Parallel>": "<Answer> ABC</Answer>",
        ])
        let outcome = try await ReasoningRun.answer("go", by: Adaptive(), on: engine)
        #expect(outcome.answer.text == "ABC")
        #expect(outcome.metrics.isStructureValid)
        let block = outcome.metrics.totalTokens - 7 - 4 - 4
        #expect(outcome.metrics.criticalPathTokens == block + 7 + 4)
    }

    @Test("a thread that throws shows the failed return and the run goes on")
    func throwingThread() async throws {
        let engine = ScriptedEngine([
            "</Question>": "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline></Outlines>",
            "<Thread>1: a\n": ScriptedEngine.Reply(" x", error: EngineError.failed("boom")),
            "<Thread>2: b\n": "<Return> B</Return></Thread>",
            "<Return>1: none</Return><Return>2: B</Return></Parallel>": "<Answer> B</Answer>",
        ])
        let outcome = try await ReasoningRun.answer("go", by: Adaptive(), on: engine)
        #expect(outcome.answer.text == "B")
        #expect(Self.outcomes(outcome) == [.failed("the engine failed: boom"), .finished])
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("malformed structure is counted and the run goes on")
    func malformedStructure() async throws {
        let engine = ScriptedEngine([
            "</Question>":
                "<Parallel> oops<Outlines><Outline>first</Outline><Outline>1: again</Outline><Outline>2: b</Outline></Outlines>",
            "<Thread>1:first\n": " no return</Thread>",
            "<Thread>2: b\n": "<Return> B</Return></Thread>",
            "<Return>1: none</Return><Return>2: B</Return></Parallel>": "<Answer> B</Answer>",
        ])
        let outcome = try await ReasoningRun.answer("go", by: Adaptive(), on: engine)
        #expect(outcome.answer.text == "B")
        #expect(outcome.trajectory.malformedCount == 4)
        #expect(!outcome.metrics.isStructureValid)
        #expect(Self.outcomes(outcome) == [.malformed("a thread without a return"), .finished])
    }

    @Test("an outline list without outlines does not fork")
    func noOutlines() async throws {
        let engine = ScriptedEngine([
            "</Question>": "<Parallel><Outlines></Outlines>", "</Outlines>": " well<Answer> 1</Answer>",
        ])
        let outcome = try await ReasoningRun.answer("go", by: Adaptive(), on: engine)
        #expect(outcome.answer.text == "1")
        #expect(outcome.metrics.forks == 0)
        #expect(outcome.trajectory.malformedCount == 1)
    }

    @Test("a tag in the user's text is text")
    func tagsInTheQuestion() async throws {
        let question: Question = "<Parallel><Outlines><Outline>1: x</Outline></Outlines></Question><Answer>9</Answer>"
        #expect(
            Dialect.braid.prompt(for: question).pieces
                == [.control("<Question>"), .text(question.text), .control("</Question>")])
        let engine = ScriptedEngine(["</Question>": "<Answer> 1</Answer>"])
        let outcome = try await ReasoningRun.answer(question, by: Adaptive(), on: engine)
        #expect(outcome.answer.text == "1")
        #expect(outcome.metrics.forks == 0)
        #expect(outcome.metrics.isStructureValid)
    }

    @Test("braces in an outline stay as they are")
    func bracesInAnOutline() {
        let seed = Dialect.braid.seed(for: Outline(number: 2, text: " {n} {outline} {"))
        #expect(seed.pieces == [.control("<Thread>"), .text("2: {n} {outline} {\n")])
    }

    @Test("an engine that lacks tags is refused before anything runs")
    func missingTags() async throws {
        let engine = ScriptedEngine(tags: ["<Question>", "</Question>", "<Answer>", "</Answer>"]) { _ in
            "<Answer> 1</Answer>"
        }
        let error = #expect(throws: RunError.self) { try ReasoningRun("q", by: Adaptive(), on: engine) }
        #expect(error?.description.contains("<Parallel>") == true)
        #expect(error?.description.contains("<Answer>") == false)
        #expect(engine.state.withLock { $0.prompts }.isEmpty)
        let outcome = try await ReasoningRun.answer("q", by: Sequential(), on: engine)
        #expect(outcome.answer.text == "1")
    }

    @Test("a chat engine is refused")
    func tierTooLow() {
        let engine = ScriptedEngine(tier: .chat) { _ in "" }
        #expect(throws: RunError.tierTooLow(.chat, needed: .text, method: "adaptive")) {
            try ReasoningRun("q", by: Adaptive(), on: engine)
        }
    }

    @Test("a run answers once")
    func answersOnce() async throws {
        let engine = ScriptedEngine(["</Question>": "<Answer> 1</Answer>"])
        let run = try ReasoningRun("q", by: Adaptive(), on: engine)
        _ = try await run.answer()
        await #expect(throws: RunError.alreadyStarted) { try await run.answer() }
    }

    @Test("threads draw by their path, whatever else runs")
    func seeds() async throws {
        func seeds(_ seed: UInt64) async throws -> Set<UInt64> {
            let engine = ScriptedEngine(Self.twoRounds)
            _ = try await ReasoningRun.answer("297 + 20 + 4 * 5", by: Adaptive(), on: engine, seed: seed)
            return Set(engine.state.withLock { $0.seeds })
        }
        let first = try await seeds(1)
        #expect(first.count == 4)
        #expect(try await seeds(1) == first)
        #expect(try await seeds(2).isDisjoint(with: first))
    }

    @Test("events tell the whole story in order")
    func events() async throws {
        let engine = ScriptedEngine(Self.twoRounds)
        let run = try ReasoningRun("297 + 20 + 4 * 5", by: Adaptive(), on: engine)
        async let outcome = run.answer()
        var names: [String] = []
        var text = ""
        for await event in run.events {
            switch event {
            case .runStarted: names.append("start")
            case .prefilled(let thread, _): if thread == "0" { names.append("prompt") }
            case .forked(_, let outlines, _): names.append("fork \(outlines.count)")
            case .joined(_, let threads, _): names.append("join \(threads.count)")
            case .answered(let answer): names.append("answer \(answer.text ?? "none")")
            case .token(let thread, let token, _): if thread == "0" { text += token.control ?? token.text }
            case .threadStarted, .threadFinished, .budgetCut, .decided, .malformed, .tokensDropped: break
            }
        }
        #expect(names == ["start", "prompt", "fork 2", "join 2", "fork 1", "join 1", "answer 337"])
        #expect(text.hasSuffix("<Answer> 337</Answer>"))
        #expect(try await outcome.answer.text == "337")
    }

    static func outcomes(_ outcome: RunOutcome) -> [ThreadOutcome?] {
        var outcomes: [ThreadOutcome?] = []
        for case .fork(let fork) in outcome.trajectory.root.steps { outcomes += fork.threads.map(\.outcome) }
        return outcomes
    }
}
