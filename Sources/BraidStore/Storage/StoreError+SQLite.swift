#if Gateway
    internal import Foundation
    internal import GRDB

    extension StoreError {
        /// Free bytes below which a failed write is taken for a full disk.
        private static let fullBelow = 1 << 20

        /// What an error of the database means.
        init(_ error: any Error, at path: String) {
            guard let error = error as? DatabaseError else {
                self = error as? StoreError ?? .failed(path: path, reason: "\(error)")
                return
            }
            let reason = error.message ?? "\(error.resultCode)"
            switch error.resultCode {
            case .SQLITE_FULL: self = .diskFull(path: path)
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: self = .readOnly(path: path)
            case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
            case .SQLITE_NOTADB: self = .notAStore(path: path, reason: reason)
            case .SQLITE_CORRUPT: self = .damaged(path: path, reason: reason)
            case .SQLITE_TOOBIG: self = .tooLarge(path: path)
            case .SQLITE_MISUSE where error.message == "Connection is closed": self = .closed(path: path)
            case .SQLITE_CANTOPEN where Self.isFull(path), .SQLITE_IOERR where Self.isFull(path):
                self = .diskFull(path: path)
            case .SQLITE_CANTOPEN: self = .cannotOpen(path: path, reason: reason)
            default: self = .failed(path: path, reason: "\(reason) (\(error.extendedResultCode))")
            }
        }

        /// SQLite reports some writes that found no room as plain failures.
        private static func isFull(_ path: String) -> Bool {
            var volume = statvfs()
            guard statvfs((path as NSString).deletingLastPathComponent, &volume) == 0 else { return false }
            let (free, overflow) = UInt64(volume.f_bavail).multipliedReportingOverflow(by: UInt64(volume.f_frsize))
            return !overflow && free < fullBelow
        }
    }
#endif
