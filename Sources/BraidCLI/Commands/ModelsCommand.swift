import ArgumentParser

/// `braid models`: the models that come with the package, what is in any model's files, and these in another format.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the built-in models, or inspect or convert a model's files.",
        subcommands: [ModelsListCommand.self, ModelsInspectCommand.self, ModelsConvertCommand.self],
        defaultSubcommand: ModelsListCommand.self)
}
