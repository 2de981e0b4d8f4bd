import ArgumentParser
import Braid
import Foundation

#if Gateway
    import BraidGateway
#endif

/// `braid-streams`: the gateway before an engine whose tokens come at a steady pace, to be loaded by a client.
@main
struct StreamsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "braid-streams", abstract: "Serve a stand-in for an engine, for load tests on this machine.")

    @Option(help: "The port on the loopback device; 0 for any that is free.")
    var port = 0

    @Option(help: "Milliseconds between two tokens of one line.")
    var interval = 100

    @Option(help: "Tokens of a thread, and of an answer.")
    var tokens = 50

    @Option(help: "Threads of a run.")
    var width = 3

    @Option(help: "Most runs at the same time.")
    var runs = 1024

    @Option(help: "Most requests that wait.")
    var queue = 256

    func validate() throws {
        for (name, value, allowed) in [
            ("--port", port, 0...65535), ("--interval", interval, 1...60_000), ("--tokens", tokens, 1...100_000),
            ("--width", width, 0...64), ("--runs", runs, 1...4096), ("--queue", queue, 0...65536),
        ] where !allowed.contains(value) {
            throw ValidationError("\(name) is \(value); allowed: \(allowed.lowerBound) to \(allowed.upperBound)")
        }
    }

    func run() async throws {
        #if Gateway
            let engine = PacedEngine(steps: StepClock(interval: interval), tokens: tokens)
            let width = width
            let method = ServedMethod(name: "fork-once", engine: engine, readsConversation: false) { _ in
                ForkOnce(width: width)
            }
            let model = ServedModel(id: "paced", created: 0, contextLength: 1 << 20, methods: [method])
            var configuration = GatewayConfiguration()
            configuration.port = port
            configuration.limits.runs = runs
            configuration.limits.runsPerKey = runs + queue
            configuration.limits.queue = queue
            configuration.budget = try Budget(maximumThreads: 256, tokensPerThread: 1 << 20, totalTokens: 1 << 24)
            configuration.logLevel = .error
            let gateway = try Gateway(models: [model], configuration: configuration)
            try await gateway.run { port in
                // Not `print`, which keeps lines back where nobody types.
                FileHandle.standardOutput.write(Data("listening on \(port)\n".utf8))
            }
        #else
            throw ValidationError("build it with --traits Gateway")
        #endif
    }
}
