import Foundation

/// A small volume in memory.
struct Mount {
    private let path: String

    /// Whether this process may mount one; tried out once.
    static let isAllowed: Bool = {
        do {
            let folder = try TemporaryFolder()
            try Mount(at: folder.url, bytes: 1 << 20).unmount()
            return true
        } catch {
            print("volumes cannot be mounted here: \(error)")
            return false
        }
    }()

    struct Refused: Error {
        var command: [String]
        var status: Int32
    }

    init(at folder: URL, bytes: Int) throws {
        path = folder.path
        try Self.run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path)
    }

    func makeReadOnly() throws { try Self.run("mount", "-o", "remount,ro", path) }

    func unmount() throws { try Self.run("umount", "-l", path) }

    private static func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Refused(command: arguments, status: process.terminationStatus) }
    }
}
