import ArgumentParser
import Braid
import Foundation

/// `braid show`: a saved trajectory as a tree.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a saved trajectory as a tree of threads.",
        discussion: """
            Reads what 'braid ask --save' or 'braid ask --json' wrote, or, with --line, one line of 'braid data'.
            """)

    /// Characters per line where nobody reads on a terminal: cuts next to nothing.
    private static let pipeWidth = 1000

    @Argument(help: "The file, or - for standard input.")
    var file: String

    @Option(help: ArgumentHelp("Show this line of a JSON Lines file, counted from 1.", valueName: "number"))
    var line: Int?

    @Option(
        help: ArgumentHelp(
            "Characters per line, 40 or more; longer text is cut. (default: the terminal's, or 1000 without one)",
            valueName: "characters"))
    var width: Int?

    @Flag(help: "Print the trajectory as JSON.")
    var json = false

    func validate() throws {
        if let line, line < 1 { throw ValidationError("--line is \(line); allowed: 1 or more") }
        if let width, width < 40 { throw ValidationError("--width is \(width); allowed: 40 or more") }
    }

    func run() throws {
        let (data, name) = try InputStreamReader.with(file) { reader in
            let limit = SavedTrajectory.byteLimit
            guard let line else { return (try reader.read(limit: limit), reader.name) }
            return (try reader.readLine(line, limit: limit), "line \(line) of \(reader.name)")
        }
        let saved = try SavedTrajectory(data, from: name)
        let trajectory = try saved.trajectory(from: name)
        if json {
            try StandardStream.output.write(JSONText.encode(trajectory))
        } else {
            let isTraining = if case .training = saved { true } else { false }
            try StandardStream.output.write(
                TrajectoryPage(trajectory, width: width ?? terminalWidth, countsTokens: !isTraining).description)
        }
    }

    private var terminalWidth: Int {
        let output = StandardStream.output.descriptor
        guard isatty(output) == 1 else { return Self.pipeWidth }
        return Terminal.size(of: output, environment: ProcessInfo.processInfo.environment).columns
    }
}
