internal import Foundation
internal import Synchronization

/// A file that this process keeps locked; the kernel opens the lock however the process ends.
final class LockFile: Sendable {
    private let descriptor: Int32

    /// Makes the file if need be and locks it.
    /// - Returns: nil when somebody else has locked it.
    /// - Throws: the store's error when the file cannot be made.
    init?(_ path: String) throws(StoreError) {
        // A child process must not inherit the lock, or it would outlive us.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError(errno: errno, at: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            if code == EWOULDBLOCK { return nil }
            throw StoreError(errno: code, at: path)
        }
        // Last: what fails behind it is closed once more by `deinit`, and may be another's file by then.
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Locks it, waiting a while for somebody else to let go.
    /// - Throws: ``StoreError/busy(path:)`` after ``StoreError/patienceInSeconds``.
    static func wait(for path: String) throws(StoreError) -> LockFile {
        let end = ContinuousClock.now + .seconds(StoreError.patienceInSeconds)
        while true {
            if let lock = try LockFile(path) { return lock }
            guard ContinuousClock.now < end else { throw .busy(path: path) }
            usleep(5000)
        }
    }
}
