internal import Foundation

/// The processes that run something in a store: each keeps a file locked for as long as it lives.
///
/// A process id would not do: it is used again, and means nothing to a process in another container.
struct LivingProcesses {
    private let folder: URL

    /// Names the folder of lock files that belongs to a store.
    init(store path: String) {
        folder = URL(fileURLWithPath: path + "-processes", isDirectory: true)
    }

    /// Enters this process.
    /// - Returns: its name, and the lock that has to be kept for as long as it is entered.
    func enter() throws(StoreError) -> (name: String, lock: LockFile) {
        try StoreFolder.make(folder)
        let name = UUID().uuidString.lowercased()
        let path = folder.appendingPathComponent(name).path
        guard let lock = try LockFile(path) else { throw .busy(path: path) }
        return (name, lock)
    }

    /// Takes out this process when it ends in good order.
    func leave(_ name: String) {
        unlink(folder.appendingPathComponent(name).path)
    }

    /// Names of those that live; files of the others are removed.
    func names() throws(StoreError) -> [String] {
        let files: [String]
        do {
            files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw .cannotOpen(path: folder.path, reason: error.localizedDescription)
        }
        var living: [String] = []
        for file in files {
            let path = folder.appendingPathComponent(file).path
            if try LockFile(path) == nil { living.append(file) } else { unlink(path) }
        }
        return living
    }
}
