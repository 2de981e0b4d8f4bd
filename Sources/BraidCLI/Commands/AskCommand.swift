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
            "A built-in model, see 'braid models', a Hugging Face folder, or a .gguf file; with --engine, a model that it "
                + "serves. (default: the built-in model for the method, or the only one that is served)",
            valueName: "name|path"))
    var model: String?

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    @OptionGroup(title: "Remote engine")
    var remote: RemoteOptions

    @OptionGroup(title: "Method")
    var options: MethodOptions

    @OptionGroup(title: "Plan")
    var plan: PlanOptions

    @OptionGroup(title: "Budget")
    var budget: BudgetOptions

    @OptionGroup(title: "Steering")
    var steering: SteeringOptions

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
        try options.check(for: method, budget: budget)
        try plan.check(for: method)
        try remote.check(beside: engine)
    }

    func run() async throws {
        let interrupt = Interrupt()
        interrupt.listen()
        let question = try QuestionSource.question(question)
        var output = AskSession.Output(
            isJSON: json, isQuiet: quiet, trace: try trace.map(OutputFile.init), save: try save.map(OutputFile.init))
        let templates = try options.templates(for: [method])
        let engine: any Engine
        var isBuiltIn = false
        let remote = remote.resolved(model: model, for: method)
        if remote.isUsed {
            let connected = try await remote.connect(model: model, tags: try options.tags(of: method))
            if !quiet { try StandardStream.error.warn(connected.warning) }
            engine = connected
        } else {
            let choice = try ModelChoice(model, for: method, judging: options.judges(for: method))
            engine = try choice.engine(self.engine.options)
            // A model that cannot be loaded is the only thing worth telling then.
            if !quiet { try StandardStream.error.warn(choice.warning) }
            isBuiltIn = choice.isBuiltIn
        }
        // The dialogue of a review and lanes that move would write over each other.
        if plan.review { output.terminal.movesCursor = false }
        if steering.steer { try await (engine as? EmbeddedEngine)?.measureStepTimes() }
        let frame = try options.frame(for: engine, asking: method, with: templates)
        let reasoning: any ReasoningMethod =
            method == .adaptivePlan
            ? try plan.method(frame, with: templates, self.engine.options)
            : try options.method(method, asking: frame, with: templates)
        let run = try ReasoningRun(
            question, by: reasoning, on: engine,
            budget: try budget.budget(), sampling: sampling.parameters(for: method), seed: seed,
            controller: try steering.policy(asking: frame))
        let session = AskSession(run: run, isBuiltIn: isBuiltIn, output: output, interrupt: interrupt)
        let status = try await session.perform()
        guard status == .answered else { throw ExitCode(status.rawValue) }
    }
}
