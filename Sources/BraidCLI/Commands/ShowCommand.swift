import ArgumentParser
import Braid
import Foundation

#if Gateway
    import BraidStore
#endif

/// `braid show`: a saved trajectory as a tree.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a saved trajectory as a tree of threads.",
        discussion: """
            Reads what 'braid ask --save' or 'braid ask --json' wrote, or, with --line, one line of 'braid data'.
            \(storeDiscussion)
            """)

    #if Gateway
        private static let storeDiscussion =
            "A run that 'braid serve' answered is shown by its id, such as run_01kq3v9x2m5t7w8y4z6a1b3c5d."
    #else
        private static let storeDiscussion = ""
    #endif

    /// Characters per line where nobody reads on a terminal: cuts next to nothing.
    private static let pipeWidth = 1000

    #if Gateway
        @Argument(help: ArgumentHelp("The file, - for standard input, or a run's id.", valueName: "file|run"))
        var file: String

        @Option(
            help: ArgumentHelp(
                "Look for the run in this store. (default: \(StoreLocation.standardName))", valueName: "path"))
        var store: String?
    #else
        @Argument(help: "The file, or - for standard input.")
        var file: String
    #endif

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
        #if Gateway
            if store != nil, line != nil { throw ValidationError("--line is for files; leave it out with --store") }
        #endif
    }

    func run() async throws {
        #if Gateway
            if let store = storeOfRun {
                return try write(try await Self.trajectory(of: file, in: store), countsTokens: true)
            }
        #endif
        let (data, name) = try InputStreamReader.with(file) { reader in
            let limit = SavedTrajectory.byteLimit
            guard let line else { return (try reader.read(limit: limit), reader.name) }
            return (try reader.readLine(line, limit: limit), "line \(line) of \(reader.name)")
        }
        let saved = try SavedTrajectory(data, from: name)
        let trajectory = try saved.trajectory(from: name)
        let isTraining = if case .training = saved { true } else { false }
        try write(trajectory, countsTokens: !isTraining)
    }

    private func write(_ trajectory: Trajectory, countsTokens: Bool) throws {
        if json {
            try StandardStream.output.write(JSONText.encode(trajectory))
        } else {
            try StandardStream.output.write(
                TrajectoryPage(trajectory, width: width ?? terminalWidth, countsTokens: countsTokens).description)
        }
    }

    #if Gateway
        /// The store to look in when the argument names a run; nil when it names a file.
        private var storeOfRun: URL? {
            if let store { return URL(fileURLWithPath: store) }
            guard file.hasPrefix("run_"), !FileManager.default.fileExists(atPath: file) else { return nil }
            return StoreLocation.standard(environment: ProcessInfo.processInfo.environment)
        }

        private static func trajectory(of id: String, in url: URL) async throws -> Trajectory {
            let store = try await TrajectoryStore.openForReading(at: url)
            guard let run = try await store.run(id) else { throw InputError.noSuchRun(id, store: url.path) }
            try await store.close()
            guard let trajectory = run.trajectory else {
                throw InputError.noRecord(run: id, status: run.status.rawValue)
            }
            return trajectory
        }
    #endif

    private var terminalWidth: Int {
        let output = StandardStream.output.descriptor
        guard isatty(output) == 1 else { return Self.pipeWidth }
        return Terminal.size(of: output, environment: ProcessInfo.processInfo.environment).columns
    }
}
