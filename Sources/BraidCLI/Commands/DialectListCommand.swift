import ArgumentParser
import Braid

/// `braid dialect list`: the dialects that come with Braid.
struct DialectListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the dialects that come with Braid.")

    func run() throws {
        try StandardStream.output.write(DialectCatalogue.all.map { $0.name + "\n" }.joined())
    }
}
