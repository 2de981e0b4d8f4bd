#if Gateway
    import Foundation
    import Testing

    /// The built `BraidStoreWriter`, run as a process.
    struct WriterProcess {
        private let process = Process()
        private let output = Pipe()

        /// Starts it.
        init(store: URL, name: String, seed: UInt64, count: Int) throws {
            process.executableURL = try Self.location()
            process.arguments = ["write", store.path, name, "\(seed)", "\(count)"]
            process.standardOutput = output
            process.standardInput = FileHandle.nullDevice
            try process.run()
        }

        /// Ends it with SIGKILL once it has said this many lines; what it said in all until then.
        func killed(afterLines count: Int) -> [String] {
            var said = Data()
            while said.count(where: { $0 == UInt8(ascii: "\n") }) < count {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { break }
                said += more
            }
            kill(process.processIdentifier, SIGKILL)
            return finish(said)
        }

        /// What it says, to its end; the last line is `closed` when all went well.
        func lines() -> [String] { finish(Data()) }

        private func finish(_ said: Data) -> [String] {
            let said = said + output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            // A line without its end was not said: the process died while it spoke.
            return String(decoding: said, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast().map(String.init)
        }

        /// Where the build put it: beside the tests.
        private static func location() throws -> URL {
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
            let tests = bundle ?? Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
            let binary = tests.deletingLastPathComponent().appendingPathComponent("BraidStoreWriter")
            try #require(FileManager.default.isExecutableFile(atPath: binary.path), "nothing at \(binary.path)")
            return binary
        }
    }
#endif
