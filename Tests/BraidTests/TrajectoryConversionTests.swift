import Braid
import Testing

@Suite("Records of runs are rewritten from one dialect to another")
struct TrajectoryConversionTests {
    private static func braid(
        _ replies: [String: ScriptedEngine.Reply], controller: ControllerPolicy = .observing, budget: Budget = .standard
    ) async throws -> RunOutcome {
        try await ReasoningRun.answer(
            "7 + 1, and twice that", by: Adaptive(), on: ScriptedEngine(replies), budget: budget, controller: controller
        )
    }

    private static let replies: [String: ScriptedEngine.Reply] = [
        "</Question>":
            " Split.<Parallel><Outlines><Outline>1: 7 + 1</Outline><Outline>2 after 1: twice that</Outline></Outlines>",
        "1: 7 + 1\n": " it is 8<Return> 8</Return></Thread>",
        "2: twice that\n": " 16 then<Return> 16</Return></Thread>",
        "</Parallel>": " so<Answer>2:</Answer>",
    ]

    @Test("the whole text of a run is what its model wrote, threads in place")
    func wholeText() async throws {
        let text = try TrajectoryText(try await Self.braid(Self.replies).trajectory, in: .braid)
        #expect(text.text == DialectConversionTests.braid)
        #expect(text.notes.isEmpty)
    }

    @Test(
        "a record in another dialect holds what the text in it says",
        arguments: [Dialect.braid, .threadWeaver, .multiverse, .parallelR1, .parallelR1Unseen])
    func record(target: Dialect) async throws {
        let run = try await Self.braid(Self.replies).trajectory
        let converted = try TrajectoryConversion(run, from: .braid, to: target)
        let text = try DialectConversion(DialectConversionTests.braid, from: .braid, to: target)
        let again = try TrajectoryText(converted.trajectory, in: target)
        #expect(again.text == text.text.rendered)
        #expect(again.notes.isEmpty)
        #expect(converted.notes == text.notes + [converted.notes.last])
        #expect(converted.notes.last?.hasPrefix("left out: token ids") == true)
        let record = converted.trajectory
        #expect(record.dialect == target.name && record.answer == run.answer && record.question == run.question)
        #expect(record.root.steps.count == (target.forkText.pieces.isEmpty ? 5 : 6))
        guard case .segment(let prompt)? = record.root.steps.first else {
            Issue.record("no prompt")
            return
        }
        #expect(prompt.text == target.prompt(for: run.question).rendered)
        let metrics = TrajectoryMetrics(record)
        #expect(metrics.forks == 1 && metrics.threads == 2 && metrics.totalTokens == 0)
    }

    @Test("braid to braid gives the same lines")
    func same() async throws {
        let run = try await Self.braid(Self.replies).trajectory
        let converted = try TrajectoryConversion(run, from: .braid, to: .braid).trajectory
        func lines(_ thread: ReasoningThread) -> [String] {
            var found = ["\(thread.id) \(thread.returned ?? "")"]
            var text = ""
            for step in thread.steps {
                switch step {
                // A thread's seed holds what it builds on; rewritten, threads stand by themselves.
                case .segment(let segment) where segment.origin == .seed:
                    text += "seed: <Thread>" + (segment.text.split(separator: "<Thread>").last ?? "") + "|"
                case .segment(let segment): text += segment.text
                case .fork(let fork):
                    found += [text, "\(fork.outlines)"] + fork.threads.flatMap(lines)
                    text = ""
                }
            }
            return found + [text.replacing("<Answer> 16</Answer>", with: "<Answer>2:</Answer>")]
        }
        #expect(lines(run.root) == lines(converted.root))
    }

    @Test("nested threads of Multiverse keep their labels")
    func nested() async throws {
        let run = try await ReasoningRun.answer(
            "q", by: Adaptive(),
            on: ScriptedEngine([
                "</Question>": "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline></Outlines>",
                "1: a\n": "<Parallel><Outlines><Outline>1: c</Outline><Outline>2: d</Outline></Outlines>",
                "1: c\n": "<Return> 1</Return></Thread>", "2: d\n": "<Return> 2</Return></Thread>",
                "2: 2</Return></Parallel>": "<Return> 3</Return></Thread>",
                "2: b\n": "<Return> 4</Return></Thread>", "2: 4</Return></Parallel>": "<Answer> 7</Answer>",
            ])
        ).trajectory
        let converted = try TrajectoryConversion(run, from: .braid, to: .multiverse)
        let text = try TrajectoryText(run, in: .braid)
        #expect(
            try TrajectoryText(converted.trajectory, in: .multiverse).text
                == DialectConversion(text.text, from: .braid, to: .multiverse).text.rendered)
        #expect(TrajectoryMetrics(converted.trajectory).maximumDepth == 2)
        #expect(try TrajectoryText(converted.trajectory, in: .multiverse).text.contains("<Path>\n1.2:"))
    }

    @Test("threads that were cut, and ran again, are said to be left out")
    func cut() async throws {
        var replies = Self.replies
        replies["1: 7 + 1\n"] = .init(" hm", error: EngineError.failed("boom"))
        let run = try await Self.braid(replies, controller: ControllerPolicy(retry: RetryRule())).trajectory
        let text = try TrajectoryText(run, in: .braid)
        #expect(text.notes.count == 2 && text.notes.first == "earlier attempts of threads that ran again")
        #expect(text.notes.last?.hasPrefix("that thread 0.3 did not end by itself (failed: ") == true)
        #expect(text.text.contains("<Thread>1: 7 + 1\n hm<Return> none</Return></Thread>"))
        let converted = try TrajectoryConversion(run, from: .braid, to: .threadWeaver)
        #expect(converted.notes.first == "left out: earlier attempts of threads that ran again")
        #expect(converted.notes.last == "left out: what the controller decided")
    }

    @Test("what is no whole text is refused in words")
    func refused() async throws {
        let sampled = try await ReasoningRun.answer(
            "q", by: try SelfConsistency(samples: 2), on: ScriptedEngine(["</Question>": "<Answer> 1</Answer>"])
        ).trajectory
        let samples = #expect(throws: DialectConversion.Refusal.self) { try TrajectoryText(sampled, in: .braid) }
        #expect(samples?.description.contains("forked by the method") == true)

        let stopped = try await Self.braid(Self.replies, budget: try Budget(totalTokens: 20)).trajectory
        let cut = #expect(throws: DialectConversion.Refusal.self) {
            try TrajectoryConversion(stopped, from: .braid, to: .threadWeaver)
        }
        #expect(cut?.description.isEmpty == false)
        let whole = try await Self.braid(Self.replies).trajectory
        let message = #expect(throws: DialectConversion.Refusal.self) {
            try TrajectoryConversion(whole, from: .braid, to: .apr)
        }
        #expect(message?.description.contains("message") == true)
    }
}
