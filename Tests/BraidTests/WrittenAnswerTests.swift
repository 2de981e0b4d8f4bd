import Testing

@testable import Braid

@Suite("What can be read of an answer while it is written")
struct WrittenAnswerTests {
    /// What each token made certain of the answer, and the answer.
    private static func read(
        _ method: any ReasoningMethod, _ engine: ScriptedEngine, budget: Budget = .standard
    ) async throws -> (pieces: [String], answer: Answer) {
        let run = try ReasoningRun("q", by: method, on: engine, budget: budget)
        async let outcome = run.answer()
        var pieces: [String] = []
        for await event in run.events {
            guard case .token(let thread, _, let piece?) = event else { continue }
            #expect(thread == TrajectoryRecorder.root)
            pieces.append(piece)
        }
        return (pieces, try await outcome.answer)
    }

    @Test("between tags it comes word by word, without white space at either end")
    func tagged() async throws {
        let engine = ScriptedEngine(["</Question>": " Easy.<Answer> It is\n 4  \n</Answer>"])
        let (pieces, answer) = try await Self.read(Adaptive(), engine)
        #expect(answer == Answer(text: "It is\n 4"))
        #expect(pieces.filter { !$0.isEmpty } == ["It", " is", "\n 4"])
    }

    @Test("a number waits until it is certain that it names no thread")
    func byNumber() async throws {
        func engine(_ answer: String) -> ScriptedEngine {
            ScriptedEngine([
                "<Question>q</Question>": "<Parallel><Outlines><Outline>1: a</Outline></Outlines>",
                "<Thread>1: a\n": "<Return> seven</Return></Thread>",
                "</Parallel>": .init("<Answer>\(answer)</Answer>"),
            ])
        }
        let (named, seven) = try await Self.read(Adaptive(), engine("1:"))
        #expect(seven.shown == "seven")
        #expect(named.filter { !$0.isEmpty } == ["seven"])
        let (counted, apples) = try await Self.read(Adaptive(), engine(" 1 apple: red"))
        #expect(apples.shown == "1 apple: red")
        #expect(counted.filter { !$0.isEmpty } == ["1 apple:", " red"])
    }

    static let woven: [String: ScriptedEngine.Reply] = [
        "assistant\n":
            "<think> Hm.<Parallel>\n<Outlines>\n<Outline>1: A</Outline>\n</Outlines>",
        "<Thread>\n1:": " a\n</Thread>",
        "</Thread>\n": "</Parallel> Good.\n</think>\n\nThe sum is \\boxed{7}, as it was. <|im_end|>",
    ]

    @Test("without tags it is everything behind the thinking, and the boxed part is what is checked")
    func behindThinking() async throws {
        let engine = PublishedMethodsTests.engine(.threadWeaver, Self.woven)
        let (pieces, answer) = try await Self.read(ThreadWeaver(), engine)
        #expect(answer.text == "7")
        #expect(answer.written == "The sum is \\boxed{7}, as it was.")
        #expect(pieces.filter { !$0.isEmpty } == ["The", " sum", " is", " \\boxed{7},", " as", " it", " was."])
        let plain = PublishedMethodsTests.engine(
            .threadWeaver, ["assistant\n": "<think> No box.</think> Hello.<|im_end|>"])
        let (_, hello) = try await Self.read(ThreadWeaver(), plain)
        #expect(hello == Answer(text: nil, written: "Hello."))
        #expect(hello.whyIncomplete == nil)
    }

    @Test("where nothing tells thought from answer it is the text behind the last block, known at the end")
    func withoutThinking() async throws {
        let engine = PublishedMethodsTests.engine(.multiverse, PublishedMethodsTests.multiverse)
        let (pieces, answer) = try await Self.read(Multiverse(), engine)
        #expect(answer == Answer(text: "4", written: "It is \\boxed{4}."))
        #expect(pieces.isEmpty)
    }

    @Test("a closing summary is the answer")
    func summary() async throws {
        let engine = PublishedMethodsTests.engine(
            .paraThinker,
            [
                "<think1>": " a</think1>", "<think2>": " b</think2>",
                "The final answer is": " \\boxed{3} .</summary>",
            ])
        let (pieces, answer) = try await Self.read(try ParaThinker(paths: 2), engine)
        #expect(answer == Answer(text: "3", written: "\\boxed{3} ."))
        #expect(pieces.filter { !$0.isEmpty } == ["\\boxed{3}", " ."])
    }

    @Test("of a cut answer there is what was read")
    func cut() async throws {
        let engine = ScriptedEngine(["</Question>": "<Answer> one two three</Answer>"])
        let (pieces, answer) = try await Self.read(
            Adaptive(), engine, budget: try Budget(totalTokens: 3))
        #expect(answer == Answer(text: nil, written: "one two", outcome: .tokenLimit))
        #expect(pieces.joined() == "one two")
    }

    @Test("a method that decides at the end lets nobody read before")
    func vote() async throws {
        let engine = ScriptedEngine(["</Question>": "<Answer> 4</Answer>"])
        let (pieces, answer) = try await Self.read(try SelfConsistency(samples: 2), engine)
        #expect(answer == Answer(text: "4"))
        #expect(pieces.isEmpty)
    }

    @Test("what is read is the whole answer, however it is cut into tokens", arguments: 0..<40)
    func anyTokens(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let letters = ["a", "é", " ", "\n", "7", ":", "👩‍👩‍👧", "<", "\t", "x y", "中"]
        let plain = (0..<Int.random(in: 0..<30, using: &generator)).map { _ in letters.randomElement(using: &generator)!
        }
        for (dialect, open, close) in [
            (Dialect.braid, "<Answer>", "</Answer>"), (.threadWeaver, "</think>", "<|im_end|>"),
        ] {
            var line = LineState(dialect, line: .main, mayFork: false)
            var read = ""
            let tokens =
                [DecodedToken(id: 0, text: "hm "), DecodedToken(id: 1, text: "", control: open)]
                + plain.map { DecodedToken(id: 2, text: $0) } + [DecodedToken(id: 3, text: "", control: close)]
            for token in tokens {
                _ = line.take(token, byID: true)
                read += line.newlyWritten ?? ""
            }
            let whole = AnswerExtractor.trimmed(plain.joined())
            #expect(read == whole)
            #expect(line.written == (whole.isEmpty ? nil : whole))
        }
    }
}
