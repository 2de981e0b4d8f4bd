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
            "The control tokens the model was trained on, see 'braid dialect', or a YAML file. (default: the method's)",
            valueName: "name|file"))
    var dialect: DialectChoice?

    @Option(
        help: ArgumentHelp(
            "Lines of thought for self-consistency. (default: \(MethodChoice.defaultSamples))", valueName: "count"))
    var samples: Int?

    @Option(
        help: ArgumentHelp(
            "A built-in model, see 'braid models', or a Hugging Face folder. (default: the built-in model for the method)",
            valueName: "name|path"))
    var model: String?

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
        if dialect != nil, !method.takesDialect {
            throw ValidationError(
                "--dialect is for --method adaptive, sequential and self-consistency; \(method.rawValue) has its own")
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
        let choice = try ModelChoice(model, for: method)
        let output = AskSession.Output(
            isJSON: json, isQuiet: quiet, trace: try trace.map(OutputFile.init), save: try save.map(OutputFile.init))
        let run = try ReasoningRun(
            question, by: try method.method(samples: samples, dialect: try dialect?.dialect()),
            on: try choice.engine(quantization: quantize, memoryLimit: memoryLimit),
            budget: try budget.budget(), sampling: sampling.parameters(for: method), seed: seed)
        let session = AskSession(run: run, isBuiltIn: choice.isBuiltIn, output: output, interrupt: interrupt)
        let status = try await session.perform()
        guard status == .answered else { throw ExitCode(status.rawValue) }
    }
}
