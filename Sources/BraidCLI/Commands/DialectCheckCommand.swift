import ArgumentParser
import Braid

/// `braid dialect check`: whether a dialect file can be used.
struct DialectCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a dialect file and say what is wrong with it.")

    @Argument(help: "The YAML file, or - for standard input.")
    var file: String

    func run() throws {
        let dialect = try DialectChoice.read(file)
        try StandardStream.output.write("\(SafeText.line(dialect.name)) can be run\n")
    }
}
