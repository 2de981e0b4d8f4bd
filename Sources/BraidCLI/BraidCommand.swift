import ArgumentParser
import Braid
import Foundation

/// The command line.
@main
struct BraidCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "braid",
        abstract: "Adaptive parallel reasoning: a model forks its thinking into threads and joins them.",
        version: ProductVersion.current,
        subcommands: [
            AskCommand.self, ServeCommand.self, ShowCommand.self, ModelsCommand.self, DialectCommand.self,
            BenchCommand.self, DataCommand.self, DoctorCommand.self,
        ])

    /// Runs the command that was asked for and ends the process as ``Failure`` says.
    static func main() async {
        // A reader that goes away must show as an error of the write, not as a signal that ends the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            try checkArguments()
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let failure = Failure(error)
            // There is nobody left to tell when these cannot be written.
            try? StandardStream.output.write(failure.output)
            try? StandardStream.error.write(failure.message)
            Foundation.exit(failure.code)
        }
    }

    /// Refuses arguments that are not UTF-8, which the language would silently repair.
    private static func checkArguments() throws(InputError) {
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index] else { break }
            let bytes = Data(bytes: argument, count: strlen(argument))
            _ = try UTF8Text.decode(bytes, from: "argument \(index)")
        }
    }
}
