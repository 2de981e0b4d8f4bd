import ArgumentParser

/// `braid models`: the models that come with the package, and what is in any model's files.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the built-in models, or inspect a model's files.",
        subcommands: [ModelsListCommand.self, ModelsInspectCommand.self],
        defaultSubcommand: ModelsListCommand.self)
}
