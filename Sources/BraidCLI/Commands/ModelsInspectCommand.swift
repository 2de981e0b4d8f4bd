import ArgumentParser
import Foundation

/// `braid models inspect`: what is in a model's files, and whether the embedded engine runs it.
struct ModelsInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tell what is in a model's files, without loading it, and what keeps the engine from running it.")

    @Argument(help: "A Hugging Face folder, a .gguf file, or the name of a built-in model.")
    var path: String

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() throws {
        let report = try ModelReport(path)
        try StandardStream.output.write(json ? JSONText.encode(report) : Data((report.text + "\n").utf8))
    }
}
