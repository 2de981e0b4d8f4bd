import ArgumentParser
import Braid
import BraidEvaluation
import Foundation

#if Gateway
    import BraidGateway
    import BraidRemote
    import BraidStore
#endif

/// `braid serve`: a server with OpenAI's routes, whose answers are runs.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve OpenAI's routes: any client can ask, and the model reasons in threads.",
        discussion: """
            Without --model and --engine it serves the built-in models as braid-puzzles. Clients choose a method by the \
            model's name, as braid-puzzles:sequential, or by a braid object in the request; the budget options below are \
            what no request may exceed. Keys come from --api-keys or from BRAID_API_KEYS, in lines of the form name:key.

            The first SIGTERM or SIGINT lets the runs that go on finish, the second ends the process at once.
            """)

    @Option(
        help: "How to reason when a request does not say. (default: adaptive if the model can, else adaptive-plan)")
    var method: MethodChoice?

    @Option(
        help: ArgumentHelp(
            "A built-in model, see 'braid models', a Hugging Face folder, or a .gguf file; with --engine, a model that it "
                + "serves. (default: all built-in models)", valueName: "name|path"))
    var model: String?

    @Option(help: ArgumentHelp("What clients call the model.", valueName: "name"))
    var servedModelName: String?

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 for any that is free.")
    var port = 8642

    @Option(help: ArgumentHelp("A file of API keys, one name:key in each line.", valueName: "file"))
    var apiKeys: String?

    @Flag(help: "Let everybody ask who can reach the address.")
    var noAuth = false

    @Option(
        help: ArgumentHelp("A web site whose pages may ask, as https://example.org; repeatable.", valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(help: ArgumentHelp("Another name of this machine that clients use; repeatable.", valueName: "name"))
    var hostName: [String] = []

    @Option(help: ArgumentHelp("Most runs at the same time.", valueName: "count"))
    var maxConcurrency = 64

    @Option(help: ArgumentHelp("Most requests that wait for a place.", valueName: "count"))
    var queue = 256

    @Option(
        help: ArgumentHelp(
            "Keep runs in this file. (default: braid/runs.sqlite under XDG_STATE_HOME or ~/.local/state)",
            valueName: "path"))
    var store: String?

    @Flag(help: "Keep no runs but the last ones, in memory.")
    var noStore = false

    @Option(help: ArgumentHelp("How long runs may go on after the first signal.", valueName: "seconds"))
    var drain = 30.0

    @Option(
        help: ArgumentHelp(
            "Send traces to this collector of OpenTelemetry, over HTTP in JSON, as http://127.0.0.1:4318. "
                + "(default: OTEL_EXPORTER_OTLP_ENDPOINT, or none)", valueName: "url"))
    var otlpEndpoint: String?

    @Option(help: "The least important messages to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "notice"

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    @OptionGroup(title: "Remote engine")
    var remote: RemoteOptions

    @OptionGroup(title: "Budget of one run")
    var budget: BudgetOptions

    func validate() throws {
        try remote.check(beside: engine)
        guard (0...65535).contains(port) else { throw ValidationError("--port is \(port); allowed: 0 to 65535") }
        guard (1...4096).contains(maxConcurrency) else {
            throw ValidationError("--max-concurrency is \(maxConcurrency); allowed: 1 to 4096")
        }
        guard (0...65536).contains(queue) else { throw ValidationError("--queue is \(queue); allowed: 0 to 65536") }
        guard drain >= 0, drain <= 86400 else {
            throw ValidationError("--drain is \(drain); allowed: 0 to 86400 seconds")
        }
        if store != nil, noStore {
            throw ValidationError("--store and --no-store exclude each other; give one of them")
        }
        if let otlpEndpoint, !otlpEndpoint.hasPrefix("http://"), !otlpEndpoint.hasPrefix("https://") {
            throw ValidationError("--otlp-endpoint is '\(otlpEndpoint)'; allowed: an address, as http://127.0.0.1:4318")
        }
        for origin in allowOrigin where !origin.hasPrefix("http://") && !origin.hasPrefix("https://") {
            throw ValidationError("--allow-origin is '\(origin)'; allowed: one origin, as https://example.org")
        }
    }

    func run() async throws {
        #if Gateway
            // A server outlives its terminal, and there is nothing that it could read again.
            signal(SIGHUP, SIG_IGN)
            let interrupt = Interrupt()
            interrupt.listen(to: [SIGINT, SIGTERM])
            OpenFiles.raiseLimit()
            let served = try await ServedModels(
                method: method, model: model, name: servedModelName, engine: engine, remote: remote
            ).models()
            let configuration = try gatewayConfiguration()
            let terminal = Terminal.standardError()
            let store = await openStore(terminal)
            let gateway = try Gateway(
                models: served, configuration: configuration, store: store,
                cache: await store?.subproblemCache() ?? SubproblemCache())
            interrupt.whenFired { gateway.drain() }
            let exporter = try traceExporter()
            exporter?.bootstrap()
            let result: Result<Void, any Error>
            do {
                try await withThrowingDiscardingTaskGroup { tasks in
                    tasks.addTask { await exporter?.run() }
                    defer { tasks.cancelAll() }
                    try await gateway.run { terminal.write(Self.greeting(served, host: configuration.host, port: $0)) }
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await exporter?.flush()
            await store?.close()
            try result.get()
        #else
            throw InputError.builtWithout(trait: "Gateway")
        #endif
    }

    #if Gateway
        /// Where traces go; nil for nowhere.
        private func traceExporter(
            environment: [String: String] = ProcessInfo.processInfo.environment
        ) throws -> TraceExporter? {
            let endpoint = otlpEndpoint ?? environment["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? ""
            guard !endpoint.isEmpty else { return nil }
            let headers = try CollectorHeaders(environment["OTEL_EXPORTER_OTLP_HEADERS"] ?? "")
            return TraceExporter(
                endpoint: endpoint, headers: headers.fields, service: environment["OTEL_SERVICE_NAME"] ?? "braid",
                transport: NetworkTransport(maximumConnections: 1))
        }

        /// A store that cannot be opened is no reason not to serve; it is tried again.
        private func openStore(_ terminal: Terminal) async -> DegradingStore? {
            guard !noStore else { return nil }
            let url =
                store.map { URL(fileURLWithPath: $0) }
                ?? StoreLocation.standard(environment: ProcessInfo.processInfo.environment)
            return await DegradingStore.open(at: url) { terminal.write("braid: \(SafeText.line($0))\n") }
        }

        /// Longest run when `--timeout` does not say.
        private static let longestRun = Duration.seconds(600)

        private func gatewayConfiguration() throws -> GatewayConfiguration {
            var configuration = GatewayConfiguration()
            configuration.host = host
            configuration.port = port
            configuration.limits.runs = maxConcurrency
            configuration.limits.runsPerKey = max(maxConcurrency, configuration.limits.runsPerKey)
            configuration.limits.queue = queue
            configuration.budget = try budget.budget(longest: Self.longestRun)
            configuration.keys = try keys()
            configuration.allowsEverybody = noAuth
            configuration.allowedOrigins = allowOrigin
            configuration.hostNames = hostName
            configuration.drain = .seconds(drain)
            configuration.checks = [PuzzleReturnCheck(), ArithmeticCheck()]
            configuration.verify = { QuestionCheck.verify($0, for: $1.text) }
            guard let level = GatewayConfiguration.LogLevel(rawValue: logLevel) else {
                let allowed = GatewayConfiguration.LogLevel.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--log-level is '\(logLevel)'; allowed: \(allowed)")
            }
            configuration.logLevel = level
            return configuration
        }

        /// Most bytes of a file of keys.
        private static let keyBytes = 1 << 20

        private func keys() throws -> APIKeys {
            if let apiKeys {
                let data = try InputStreamReader.with(apiKeys) { try $0.read(limit: Self.keyBytes) }
                return try APIKeys(try UTF8Text.decode(data, from: apiKeys))
            }
            return try APIKeys(ProcessInfo.processInfo.environment["BRAID_API_KEYS"] ?? "")
        }

        private static func greeting(_ models: [ServedModel], host: String, port: Int) -> String {
            let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            let names = models.map { SafeText.line($0.id) }.joined(separator: ", ")
            return """
                braid: serving \(names) at http://\(authority); Ctrl-C stops it
                  curl http://\(authority)/v1/chat/completions -d '{"model": "\(SafeText.line(models[0].id))", "messages": \
                [{"role": "user", "content": "Make 24 from 3, 8, 5 and 2"}]}'

                """
        }
    #endif
}
