internal import Foundation

extension StoreError {
    /// What an error number of the system means.
    init(errno code: Int32, at path: String) {
        switch code {
        case ENOSPC, EDQUOT: self = .diskFull(path: path)
        case EACCES, EPERM, EROFS: self = .readOnly(path: path)
        default: self = .cannotOpen(path: path, reason: String(cString: strerror(code)))
        }
    }
}
