import Braid
import Foundation
import Testing

@testable import BraidCLI

@Suite("Asking")
struct AskSessionTests {
    private func ask(
        _ question: Question = "Use 12, 30 and 5 to make 47", _ engine: ScriptedEngine = .split,
        budget: Budget = .standard,
        isBuiltIn: Bool = false, output: AskSession.Output
    ) async throws -> BraidCLI.ExitStatus {
        let run = try ReasoningRun(question, by: Adaptive(), on: engine, budget: budget, seed: 7)
        return try await AskSession(run: run, isBuiltIn: isBuiltIn, output: output, interrupt: Interrupt()).perform()
    }

    @Test("the answer is all of standard output, threads and figures are on standard error")
    func plain() async throws {
        let capture = Capture()
        #expect(try await ask(output: capture.session()) == .answered)
        #expect(capture.output == "12 + 30 + 5\n")
        let lines = Set(capture.error.split(separator: "\n").map(String.init))
        #expect(lines.contains("thread 0.1 started: 12 + 30"))
        #expect(lines.contains("thread 0.2 started: keep 5"))
        #expect(lines.contains { $0.hasPrefix("thread 0.1 finished (") && $0.hasSuffix("): 42") })
        #expect(lines.contains("2 threads joined into the main line"))
        let figures = try #require(capture.error.split(separator: "\n").last)
        #expect(figures.hasPrefix("2 threads · "))
        #expect(figures.hasSuffix(" s · checked: right"))
        #expect(!capture.error.contains("\u{1B}"))
    }

    @Test("on a terminal the last frame shows every lane at its end")
    func terminal() async throws {
        let capture = Capture()
        _ = try await ask(output: capture.session(movesCursor: true))
        let frame = try #require(capture.error.components(separatedBy: "\r").last)
        #expect(frame.contains("✓ 0 "))
        #expect(frame.contains("✓ 0.1"))
        #expect(frame.contains("→ 42"))
        #expect(capture.error.contains("\u{1B}[J2 threads · "))
    }

    @Test("quiet prints the answer only")
    func quiet() async throws {
        let capture = Capture()
        _ = try await ask(output: capture.session(isQuiet: true))
        #expect(capture.output == "12 + 30 + 5\n")
        #expect(capture.error.isEmpty)
    }

    @Test("a wrong answer is an answer, and said to be wrong")
    func wrong() async throws {
        let capture = Capture()
        let engine = ScriptedEngine(main: ["<Answer> 48</Answer>"])
        #expect(try await ask("What is 12 + 30?", engine, output: capture.session()) == .answered)
        #expect(capture.error.contains("checked: wrong"))
        #expect(capture.error.hasPrefix("no threads · "))
    }

    @Test("the JSON object has exactly the documented keys")
    func json() async throws {
        let capture = Capture()
        _ = try await ask(output: capture.session(isJSON: true))
        #expect(capture.output.split(separator: "\n").count == 1)
        let object = try object(capture.output)
        #expect(
            Set(object.keys) == [
                "question", "answer", "verified", "method", "model", "engine", "seed", "metrics", "trajectory",
            ])
        let metrics = try #require(object["metrics"] as? [String: Any])
        #expect(
            Set(metrics.keys) == [
                "totalTokens", "criticalPathTokens", "forks", "threads", "maxDepth", "maxContextTokens", "wallSeconds",
                "structureValid",
            ])
        #expect(object["answer"] as? String == "12 + 30 + 5")
        #expect(object["verified"] as? Bool == true)
        #expect(object["seed"] as? Int == 7)
        #expect(metrics["threads"] as? Int == 2)
        #expect(metrics["structureValid"] as? Bool == true)
    }

    @Test("a run that its budget cut says so, with null for the answer")
    func incomplete() async throws {
        let capture = Capture()
        let budget = try Budget(totalTokens: 2)
        #expect(try await ask(budget: budget, output: capture.session(isJSON: true)) == .incomplete)
        let object = try object(capture.output)
        #expect(object["answer"] is NSNull)
        #expect(object["verified"] is NSNull)
        #expect(object["incomplete"] as? String == ThreadOutcome.tokenLimit.description)
        #expect(capture.error.contains("braid: no answer: cut: the token budget was used up\n"))
    }

    @Test("a run that its deadline cut says so")
    func timeout() async throws {
        let capture = Capture()
        let engine = ScriptedEngine(main: [""], delay: .milliseconds(2), isEndless: true)
        let budget = try Budget(deadline: .milliseconds(50))
        #expect(try await ask("x", engine, budget: budget, output: capture.session()) == .incomplete)
        #expect(capture.output.isEmpty)
        #expect(capture.error.contains("braid: no answer: cut: the deadline passed\n"))
    }

    @Test("the built-in model's way to say no is told apart, with what to do instead")
    func foreign() async throws {
        let engine = ScriptedEngine(main: ["<Answer> I only solve number puzzles</Answer>"])
        let capture = Capture()
        #expect(try await ask("Hi", engine, isBuiltIn: true, output: capture.session()) == .notMadeForThis)
        #expect(capture.error.contains("--model PATH"))
        #expect(try await ask("Hi", engine, isBuiltIn: false, output: Capture().session()) == .answered)
    }

    @Test("an engine's error is thrown, and what there is of the record is kept")
    func failing() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let capture = Capture()
        let engine = ScriptedEngine(main: [], failure: .contextTooLong(tokens: 9000, limit: 4096))
        let output = capture.session(save: try OutputFile(path))
        await #expect(throws: EngineError.self) {
            _ = try await ask("x", engine, output: output)
        }
        #expect(capture.output.isEmpty)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("an answer's control characters are made harmless, JSON has them as they are")
    func harmless() async throws {
        let engine = ScriptedEngine(main: ["<Answer> a\u{1B}[31m</Answer>"])
        let plain = Capture()
        _ = try await ask("x", engine, output: plain.session())
        #expect(plain.output == "a\u{FFFD}[31m\n")
        let json = Capture()
        _ = try await ask("x", engine, output: json.session(isJSON: true))
        #expect(!json.output.contains("\u{1B}"))
        #expect(try object(json.output)["answer"] as? String == "a\u{1B}[31m")
    }

    @Test(
        "the first interrupt cancels the run; record, trace and JSON are still written, and braid show reads the record"
    )
    func interrupted() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let save = folder.appendingPathComponent("save.json")
        let trace = folder.appendingPathComponent("trace.json")
        let capture = Capture()
        let output = capture.session(
            isJSON: true, save: try OutputFile(save.path), trace: try OutputFile(trace.path))
        let engine = ScriptedEngine(main: ["thinking"], delay: .milliseconds(1), isEndless: true)
        let run = try ReasoningRun("x", by: Adaptive(), on: engine)
        let interrupt = Interrupt()
        let session = Task {
            try await AskSession(run: run, isBuiltIn: false, output: output, interrupt: interrupt).perform()
        }
        // Tokens in the record mean that the run, and so the session, is under way.
        while TrajectoryMetrics(run.trajectory).totalTokens < 3 { try await Task.sleep(for: .milliseconds(1)) }
        interrupt.fire()
        #expect(try await session.value == .interrupted)
        #expect(try object(capture.output)["incomplete"] as? String == "cancelled")
        #expect(capture.error.hasSuffix("braid: interrupted; what there is of the record was kept\n"))
        let saved = try SavedTrajectory(Data(contentsOf: save), from: "save").trajectory(from: "save")
        #expect(saved.answer?.outcome == .cancelled)
        let events = try object(String(contentsOf: trace, encoding: .utf8))["traceEvents"] as? [Any]
        #expect(events?.isEmpty == false)
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
