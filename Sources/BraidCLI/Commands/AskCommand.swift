import ArgumentParser
import Braid
import BraidInference
import Foundation

/// `braid ask`: one question, answered while you watch.
struct AskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Answer a question; watch the model's threads fork and join.",
        discussion: """
            The answer goes to standard output, everything else to standard error. Give - as the question to read it \
            from standard input; put -- before a question that begins with a dash.

            Exit codes:
            \(ExitStatus.table)
            """)

    @Argument(help: "What to ask, or - to read it from standard input.")
    var question: String

    @Option(help: "How to reason.")
    var method: MethodChoice = .adaptive

    @Option(
        help: ArgumentHelp(
            "Lines of thought for self-consistency. (default: \(MethodChoice.defaultSamples))", valueName: "count"))
    var samples: Int?

    @Option(
        help: ArgumentHelp(
            "A built-in model, see 'braid models', or a Hugging Face folder; with --engine, a model that it serves. "
                + "(default: the built-in model for the method, or the only one that is served)",
            valueName: "name|path"))
    var model: String?

    @OptionGroup(title: "Remote engine")
    var remote: RemoteOptions

    @Option(
        help: ArgumentHelp(
            "Most memory for weights, activations and cache together: bytes, or a number with K, M, G or T.",
            valueName: "bytes"))
    var memoryLimit: ByteCount?

    @Option(help: "Keeps the model's matrices in 8 or 4 bits: smaller and faster, and a little less exact.")
    var quantize: WeightQuantization = .none

    @OptionGroup(title: "Budget")
    var budget: BudgetOptions

    @OptionGroup(title: "Sampling")
    var sampling: SamplingOptions

    @Option(help: "Decides every draw.")
    var seed: UInt64 = 0

    @Flag(help: "Print one JSON object with answer, figures and the whole record.")
    var json = false

    @Option(help: ArgumentHelp("Write a trace for https://ui.perfetto.dev.", valueName: "file"))
    var trace: String?

    @Option(help: ArgumentHelp("Write the record, for 'braid show'.", valueName: "file"))
    var save: String?

    @Flag(name: .shortAndLong, help: "Print nothing but the answer and errors.")
    var quiet = false

    func validate() throws {
        if remote.isUsed, memoryLimit != nil || quantize != .none {
            throw ValidationError("--memory-limit and --quantize are for the embedded engine, not for --engine")
        }
        guard method == .selfConsistency else {
            if samples != nil { throw ValidationError("--samples is for --method self-consistency only") }
            return
        }
        let samples = samples ?? MethodChoice.defaultSamples
        guard (1...budget.maxThreads).contains(samples) else {
            throw ValidationError("--samples is \(samples); allowed: 1 to --max-threads, which is \(budget.maxThreads)")
        }
        guard budget.maxDepth > 0 else {
            throw ValidationError("--max-depth is 0, which leaves self-consistency no samples; allowed: 1 to 16")
        }
    }

    func run() async throws {
        let interrupt = Interrupt()
        interrupt.listen()
        let question = try QuestionSource.question(question)
        let output = AskSession.Output(
            isJSON: json, isQuiet: quiet, trace: try trace.map(OutputFile.init), save: try save.map(OutputFile.init))
        let method = try self.method.method(samples: samples)
        let engine: any Engine
        var isBuiltIn = false
        let remote = remote.resolved(model: model, for: self.method)
        if remote.isUsed {
            engine = try await remote.connect(model: model, tags: method.dialect.allTags)
        } else {
            let choice = try ModelChoice(model, for: self.method)
            engine = try choice.engine(quantization: quantize, memoryLimit: memoryLimit)
            isBuiltIn = choice.isBuiltIn
        }
        let run = try ReasoningRun(
            question, by: method, on: engine,
            budget: try budget.budget(), sampling: sampling.parameters(for: self.method), seed: seed)
        let session = AskSession(run: run, isBuiltIn: isBuiltIn, output: output, interrupt: interrupt)
        let status = try await session.perform()
        guard status == .answered else { throw ExitCode(status.rawValue) }
    }
}
