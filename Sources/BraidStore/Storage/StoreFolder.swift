internal import Foundation

/// The folder of a store, and the file in it, for this user's eyes only: questions are private.
enum StoreFolder {
    /// Makes a folder and those it lies in, unless they are there.
    static func make(_ folder: URL) throws(StoreError) {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Self.error(error, at: folder.path)
        }
    }

    /// Makes an empty file unless there is one, which is left unopened: closing it would open SQLite's locks on it.
    static func makeFile(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw StoreError(errno: errno, at: path)
        }
    }

    private static func error(_ error: any Error, at path: String) -> StoreError {
        let error = error as NSError
        let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError
        if let cause, cause.domain == NSPOSIXErrorDomain { return StoreError(errno: Int32(cause.code), at: path) }
        switch CocoaError.Code(rawValue: error.code) {
        case .fileWriteNoPermission, .fileWriteVolumeReadOnly: return .readOnly(path: path)
        case .fileWriteOutOfSpace: return .diskFull(path: path)
        default: return .cannotOpen(path: path, reason: error.localizedDescription)
        }
    }
}
