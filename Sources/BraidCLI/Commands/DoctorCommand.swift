import ArgumentParser
import Braid
import BraidRemote
import Foundation

/// `braid doctor`: what a live engine is, and what will work on it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Try out an engine over HTTP: tier, context, tokenizer, prefix cache, cancellation, useful width.",
        discussion: "Without --engine, OPENAI_BASE_URL names the engine. It takes some seconds of the engine's time.")

    @OptionGroup
    var remote: RemoteOptions

    @Option(help: ArgumentHelp("The model to ask for. (default: the only one that is served)", valueName: "name"))
    var model: String?

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() async throws {
        var remote = remote
        if remote.engine.isEmpty, let url = ProcessInfo.processInfo.environment["OPENAI_BASE_URL"], !url.isEmpty {
            remote.engine = [url]
        }
        guard remote.engine.count == 1 else {
            throw ValidationError("give one engine with --engine URL, or set OPENAI_BASE_URL")
        }
        let engine = try await remote.connect(model: model, tags: Dialect.braid.allTags)
        let report = try await EngineCheckup(engine).report()
        try StandardStream.output.write(json ? JSONText.encode(report) : Data((report.text + "\n").utf8))
    }
}
