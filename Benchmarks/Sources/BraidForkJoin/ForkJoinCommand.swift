internal import ArgumentParser
internal import Braid
internal import BraidInference
internal import Foundation

/// Runs benchmark programs on the embedded engine: one per line of standard input, one line of JSON each.
@main
struct ForkJoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "braid-forkjoin",
        abstract: "Runs fork-join benchmark programs on Braid's embedded engine.",
        discussion: """
            Reads one program per line from standard input, such as 'threads prefix=512 width=4 tokens=32', runs it \
            once, and writes one line of JSON. Benchmarks/README.md lists the programs; llamacpp-forkjoin runs the same \
            ones on llama.cpp.
            """)

    @Option(help: "The model: what EmbeddedEngine loads.")
    var model: String

    @Option(help: "Threads that compute.")
    var threads = 2

    @Option(help: "Memory for keys and values in MiB.")
    var cacheMebibytes = 4096

    @Flag(help: "Takes that memory at the start.")
    var preallocate = false

    @Option(help: "Most rows of one step. Default: the engine's.")
    var maximumRows: Int?

    /// The one place where the options of the command become those of the engine.
    private var engineOptions: EmbeddedEngineOptions {
        get throws {
            guard (0...(1 << 22)).contains(cacheMebibytes) else {
                throw ValidationError("--cache-mebibytes is \(cacheMebibytes); allowed: 0 to \(1 << 22)")
            }
            var options = EmbeddedEngineOptions(
                threads: threads, cacheBytes: cacheMebibytes << 20, preallocatesCache: preallocate)
            if let maximumRows { options.maximumRows = maximumRows }
            return options
        }
    }

    func run() async throws {
        let engine = try EmbeddedEngine(contentsOf: URL(fileURLWithPath: model), options: engineOptions)
        let runner = ProgramRunner(engine: engine)
        while let line = readLine() {
            let result = try await runner.run(Program(line))
            // Unbuffered, because whoever sent the line waits for the answer before it sends the next.
            FileHandle.standardOutput.write(try result.jsonLine())
        }
    }
}
