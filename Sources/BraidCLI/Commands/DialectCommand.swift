import ArgumentParser

/// `braid dialect`: the control-token syntaxes that Braid speaks.
struct DialectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dialect",
        abstract: "List, show and check dialects, and rewrite texts and trajectories from one to another.",
        subcommands: [
            DialectListCommand.self, DialectShowCommand.self, DialectCheckCommand.self, DialectConvertCommand.self,
        ],
        defaultSubcommand: DialectListCommand.self)
}
