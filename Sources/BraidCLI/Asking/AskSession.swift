import Braid
import BraidEvaluation
import Foundation

/// Asks one question and tells what came of it; everything of `braid ask` but its options.
struct AskSession {
    /// How much is told, and where.
    struct Output {
        /// Whether standard output gets the whole record as JSON instead of the answer.
        var isJSON = false
        /// Whether standard error gets nothing but errors.
        var isQuiet = false
        /// Gets the record in the Chrome trace format.
        var trace: OutputFile?
        /// Gets the record as `braid show` reads it.
        var save: OutputFile?
        /// Writes to standard output.
        var write: (Data) throws -> Void = { try StandardStream.output.write($0) }
        /// Where lanes and figures go.
        var terminal = Terminal.standardError()
    }

    /// The run, not yet started.
    let run: ReasoningRun
    /// Whether the model is one that comes with the package.
    let isBuiltIn: Bool
    /// How much is told, and where.
    let output: Output
    /// Stops the run early.
    let interrupt: Interrupt

    /// Runs to the end, or to the first interrupt.
    /// - Throws: what the engine throws, after the files were written; `StreamError`.
    func perform() async throws -> ExitStatus {
        let run = run
        let answering = Task { try await run.answer() }
        interrupt.whenFired { answering.cancel() }
        if output.isQuiet {
            for await _ in run.events {}
        } else {
            await LaneDisplay(output.terminal).follow(run)
        }
        let result = await answering.result
        var trajectory = run.trajectory
        let answer = trajectory.answer?.text
        trajectory.verified = answer.flatMap { QuestionCheck.verify($0, for: run.question.text) }
        try output.save?.write(JSONText.encode(trajectory))
        try output.trace?.write(JSONText.encode(PerfettoTrace(trajectory)))
        _ = try result.get()
        return try tell(trajectory)
    }

    /// Prints the record of a finished run.
    private func tell(_ trajectory: Trajectory) throws -> ExitStatus {
        let answer = trajectory.answer ?? Answer(text: nil)
        if output.isJSON {
            try output.write(JSONText.encode(AskReport(trajectory)))
        } else if let text = answer.text ?? answer.written {
            try output.write(Data((SafeText.block(text) + "\n").utf8))
        }
        if !output.isQuiet { output.terminal.write("\(FiguresLine(trajectory))\n") }
        let status = status(of: answer)
        switch status {
        case .interrupted: output.terminal.write("braid: interrupted; what there is of the record was kept\n")
        case .notMadeForThis: output.terminal.write(Self.capabilities)
        case .incomplete:
            let what = answer.shown == nil ? "no answer" : "the answer may be incomplete"
            output.terminal.write("braid: \(what): \(SafeText.line(answer.cause ?? ""))\n")
        case .answered, .internalFailure, .badInput, .noModel: break
        }
        return status
    }

    private func status(of answer: Answer) -> ExitStatus {
        if answer.outcome == .cancelled { return .interrupted }
        if answer.cause != nil { return .incomplete }
        return isBuiltIn && answer.text == Problem.foreignAnswer ? .notMadeForThis : .answered
    }

    /// What the built-in model can do, and what to do about it.
    private static let capabilities = """
        braid: the built-in model is not made for this question; it solves number puzzles, such as
          braid ask "Make 24 from 3, 8, 5 and 2"
          braid ask "What is 347 * 86?"
        For anything else connect another model: braid ask --model PATH "...", with PATH a Hugging Face folder
        or a .gguf file

        """
}
