import ArgumentParser
import Braid
import BraidEvaluation
import BraidRemote
import Foundation

/// `braid bench`: methods and models compared on the same held-out puzzles.
struct BenchCommand: AsyncParsableCommand {
    /// One `--method`: `METHOD` or `METHOD@MODEL`.
    struct Contestant: Equatable {
        /// As the user wrote it.
        var label: String
        /// How it reasons.
        var method: MethodChoice
        /// What it runs on; nil for the built-in model for the method.
        var model: String?

        /// Reads `METHOD` or `METHOD@MODEL`.
        init(_ label: String) throws {
            let parts = label.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let method = MethodChoice(rawValue: parts[0]), parts.last?.isEmpty == false else {
                let allowed = MethodChoice.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--method is '\(label)'; allowed: METHOD or METHOD@MODEL, with METHOD \(allowed)")
            }
            self.label = label
            self.method = method
            model = parts.count > 1 ? parts[1] : nil
        }

        /// Every method that the built-in models can be asked with.
        static var builtIn: [Contestant] {
            get throws { try MethodChoice.allCases.filter { !$0.needsWords }.map { try Contestant($0.rawValue) } }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Compare methods on held-out puzzles with exact answers.",
        discussion: """
            Rows appear on standard error as they are done; the table, or JSON, goes to standard output at the end. \
            --method may be repeated, as METHOD or METHOD@MODEL, MODEL as for 'braid ask'; all stands for every method that \
            the built-in models can be asked with.
            """)

    /// What `--task` takes for every family, and `--method` for every method.
    private static let every = "all"

    @Option(
        help: ArgumentHelp(
            "A family of puzzles, repeatable, or all: "
                + PuzzleTask.allCases.map(\.rawValue).joined(separator: ", ") + ". (default: all)"),
        transform: tasks(named:))
    var task: [[PuzzleTask]] = []

    @Option(help: "Problems per family.")
    var count: Int = 100

    @Option(
        name: [.long, .customLong("methods")],
        help: ArgumentHelp(
            "A contestant, repeatable, or all. (default: adaptive, sequential)", valueName: "method[@model]"),
        transform: { $0 == every ? try Contestant.builtIn : [try Contestant($0)] })
    var method: [[Contestant]] = []

    @OptionGroup(title: "Method; each for those contestants that take it")
    var options: MethodOptions

    @Option(help: "Decides the problems, and every draw.")
    var seed: UInt64 = 1

    @Option(help: "Runs under way at the same time, 1 to 64; times are honest at 1 only.")
    var concurrency: Int = 1

    @Option(
        help: ArgumentHelp(
            "Divides the logits; 0 is greedy. (default: 0, and \(MethodChoice.samplingTemperature) for "
                + MethodChoice.sampling.map(\.rawValue).joined(separator: ", ") + ")"))
    var temperature: Double?

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    @OptionGroup(title: "Remote engine")
    var remote: RemoteOptions

    @OptionGroup(title: "Steering")
    var steering: SteeringOptions

    @Option(
        help: ArgumentHelp(
            "Write each result to this file as soon as it is known, and do not repeat what it has: the same command goes on "
                + "where it was ended.", valueName: "file"))
    var records: String?

    @Flag(help: "Print the rows as JSON.")
    var json = false

    /// Who takes part.
    private var contestants: [Contestant] {
        get throws {
            try method.isEmpty ? ["adaptive", "sequential"].map { try Contestant($0) } : method.flatMap { $0 }
        }
    }

    private static func tasks(named name: String) throws -> [PuzzleTask] {
        if name == every { return PuzzleTask.allCases }
        guard let task = PuzzleTask(rawValue: name) else {
            let allowed = PuzzleTask.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--task is '\(name)'; allowed: all, \(allowed)")
        }
        return [task]
    }

    func validate() throws {
        try options.check(forAny: contestants.map(\.method))
        try remote.check(beside: engine)
        guard (1...1_000_000).contains(count) else {
            throw ValidationError("--count is \(count); allowed: 1 to 1000000")
        }
        guard (1...64).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); allowed: 1 to 64")
        }
        if let temperature, !(0...100).contains(temperature) {
            throw ValidationError("--temperature is \(temperature); allowed: 0 to 100")
        }
    }

    func run() async throws {
        let asked = task.flatMap { $0 }
        let tasks = PuzzleTask.allCases.filter { asked.isEmpty || asked.contains($0) }
        let contestants = try contestants
        let terminal = Terminal.standardError()
        let records = try records.map {
            try BenchmarkRecords(
                contentsOf: URL(fileURLWithPath: $0), seed: seed,
                settings: Self.settings(in: Array(CommandLine.arguments.dropFirst(2))))
        }
        let entries = try await entries(contestants)
        let rows = try await withThrowingTaskGroup(of: Void.self) { watching in
            defer { watching.cancelAll() }
            let remote = entries.compactMap { $0.engine as? RemoteEngine }.map { (ObjectIdentifier($0), $0) }
            for engine in Dictionary(remote, uniquingKeysWith: { first, _ in first }).values {
                watching.addTask { await engine.watch() }
            }
            return try await Benchmark(tasks: tasks, count: count, seed: seed, concurrency: concurrency)
                .run(entries, records: records) { row in
                    terminal.write(
                        String(format: "%@  %@  %.1f %%\n", row.task.rawValue, row.method, row.accuracy * 100))
                }
        }
        try StandardStream.output.write(
            json ? JSONText.encode(rows) : Data((BenchmarkTable(rows).text + "\n").utf8))
    }

    /// What of a command line decides the result of a method on a problem, but for the seed.
    static func settings(in arguments: [String]) -> String {
        let others: Set = ["--task", "--count", "--method", "--methods", "--seed", "--concurrency", "--records"]
        var settings: [String] = []
        var isValue = false
        for argument in arguments {
            if isValue {
                isValue = false
            } else if others.contains(argument) {
                isValue = true
            } else if argument != "--json", !others.contains(String(argument.prefix { $0 != "=" })) {
                settings.append(argument)
            }
        }
        return settings.isEmpty ? "no options" : settings.joined(separator: " ")
    }

    /// Contestants with their engines; those on the same model share one.
    private func entries(_ contestants: [Contestant]) async throws -> [Benchmark.Entry] {
        let tags = try contestants.reduce(into: Set<String>()) { $0.formUnion(try options.tags(of: $1.method)) }
        var engines: [String: any Engine] = [:]
        let suffix = (steering.steer ? "+steered" : "") + (steering.checkJoins ? "+checked" : "")
        let templates = try options.templates(for: contestants.map(\.method))
        var entries: [Benchmark.Entry] = []
        for contestant in contestants {
            let engine: any Engine
            let remote = remote.resolved(model: contestant.model, for: contestant.method)
            if remote.isUsed {
                engine = try await known(contestant.model ?? "", in: &engines) {
                    let engine = try await remote.connect(model: contestant.model, tags: tags)
                    try StandardStream.error.warn(engine.warning)
                    return engine
                }
            } else {
                let choice = try ModelChoice(
                    contestant.model, for: contestant.method, judging: options.judges(for: contestant.method))
                engine = try await known(choice.name, in: &engines) {
                    try StandardStream.error.warn(choice.warning)
                    return try choice.engine(self.engine.options)
                }
            }
            let frame = try options.frame(for: engine, asking: contestant.method, with: templates)
            entries.append(
                Benchmark.Entry(
                    label: contestant.label + suffix,
                    method: try options.method(contestant.method, asking: frame, with: templates), engine: engine,
                    sampling: SamplingParameters(temperature: temperature ?? contestant.method.defaultTemperature),
                    controller: try steering.policy(asking: frame)))
        }
        return entries
    }

    private func known(
        _ name: String, in engines: inout [String: any Engine], make: () async throws -> any Engine
    ) async throws -> any Engine {
        if let engine = engines[name] { return engine }
        let engine = try await make()
        engines[name] = engine
        return engine
    }
}
