import Foundation
import Synchronization
import Testing

/// The built `braid`, run as a process.
struct Binary {
    /// What a process left behind.
    struct Outcome {
        /// Its exit code; 128 and the signal's number when a signal ended it, as shells say it.
        var code: Int32
        /// What it wrote to standard output.
        var output: String
        /// What it wrote to standard error.
        var error: String
    }

    /// A process that is under way.
    struct Running {
        fileprivate let process: Process
        fileprivate let output: Pipe
        fileprivate let error: Pipe

        /// Sends SIGINT.
        func interrupt() { kill(process.processIdentifier, SIGINT) }

        /// Waits until it writes to standard error.
        func waitForError() -> String {
            String(decoding: error.fileHandleForReading.availableData, as: UTF8.self)
        }

        /// Reads some of standard output and no more.
        func closeOutput() {
            _ = try? output.fileHandleForReading.read(upToCount: 1)
            try? output.fileHandleForReading.close()
        }

        /// Waits for its end.
        func outcome() throws -> Outcome {
            let text = Mutex("")
            let reading = DispatchGroup()
            DispatchQueue.global().async(group: reading) {
                let data = error.fileHandleForReading.readDataToEndOfFile()
                text.withLock { $0 = String(decoding: data, as: UTF8.self) }
            }
            // Throws when the reader has been closed: then there is nothing to read.
            let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
            reading.wait()
            process.waitUntilExit()
            let isSignal = process.terminationReason == .uncaughtSignal
            return Outcome(
                code: process.terminationStatus + (isSignal ? 128 : 0), output: String(decoding: data, as: UTF8.self),
                error: text.withLock { $0 })
        }
    }

    /// Runs it to its end.
    static func run(_ arguments: String..., input: Data = Data()) throws -> Outcome {
        try start(arguments, input: input).outcome()
    }

    /// Starts it.
    /// - Parameter input: what standard input has; nil leaves it open and empty.
    static func start(_ arguments: [String], input: Data?) throws -> Running {
        // A process that does not read its input must fail the write, not end the tests.
        signal(SIGPIPE, SIG_IGN)
        let process = Process()
        process.executableURL = try location()
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["TERM": "dumb"]) { $1 }
        let (standardInput, output, error) = (Pipe(), Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = error
        try process.run()
        if let input {
            DispatchQueue.global().async {
                try? standardInput.fileHandleForWriting.write(contentsOf: input)
                try? standardInput.fileHandleForWriting.close()
            }
        }
        return Running(process: process, output: output, error: error)
    }

    /// Where the build put it: beside the tests.
    private static func location() throws -> URL {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        let tests = bundle ?? Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let binary = tests.deletingLastPathComponent().appendingPathComponent("braid")
        try #require(FileManager.default.isExecutableFile(atPath: binary.path), "no braid at \(binary.path)")
        return binary
    }
}
