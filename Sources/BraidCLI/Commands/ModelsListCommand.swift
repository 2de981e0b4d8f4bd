import ArgumentParser
import BraidModels
import Foundation

/// `braid models list`: the models that come with the package.
struct ModelsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the built-in models: what they are for and where they are.")

    @Flag(help: "Print the list as JSON.")
    var json = false

    func run() throws {
        let models = BuiltInModel.all.map { ModelListing($0) }
        try StandardStream.output.write(
            json ? JSONText.encode(models) : Data((ModelListing.table(models) + "\n").utf8))
    }
}
