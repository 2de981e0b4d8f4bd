/// Why a file of a benchmark's records cannot be used.
public enum BenchmarkRecordsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It cannot be opened, read or written; the system's reason.
    case unusable(path: String, reason: String)
    /// Another process writes it.
    case inUse(path: String)
    /// A line is no record.
    case noRecords(path: String, line: Int)
    /// It has records of something else.
    case other(path: String, found: String, wanted: String)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .unusable(let path, let reason): "cannot use \(path): \(reason); choose another file"
        case .inUse(let path): "\(path) is written by another process; wait for it, or choose another file"
        case .noRecords(let path, let line):
            "\(path), line \(line), is no record of a benchmark; choose another file, or remove this one"
        case .other(let path, let found, let wanted):
            "\(path) has records of another benchmark (\(found), and not \(wanted)); repeat it as it was, or choose another "
                + "file"
        }
    }
}
