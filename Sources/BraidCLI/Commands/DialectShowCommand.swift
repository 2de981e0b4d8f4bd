import ArgumentParser
import Braid

/// `braid dialect show`: what is written in a dialect, and by whom.
struct DialectShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how a dialect forks and joins, with its tags.")

    @Argument(help: ArgumentHelp("A dialect's name, or its YAML file.", valueName: "name|file"))
    var dialect: DialectChoice

    func run() throws {
        try StandardStream.output.write(DialectPage(try dialect.dialect()).description)
    }
}
