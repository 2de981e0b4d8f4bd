import ArgumentParser

/// The command line.
@main
struct BraidCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "braid",
        abstract: "Adaptive parallel reasoning: a model forks its thinking into threads and joins them.",
        subcommands: [DataCommand.self])
}
