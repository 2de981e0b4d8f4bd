/// Why the store cannot do what it was asked.
public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file, or its folder, cannot be opened or made.
    case cannotOpen(path: String, reason: String)
    /// The file is no store.
    case notAStore(path: String, reason: String)
    /// A newer version of the program wrote the file.
    case newerVersion(path: String)
    /// An older version of the program wrote the file, and it was opened for reading only.
    case olderVersion(path: String)
    /// The volume is full, or the file may not grow.
    case diskFull(path: String)
    /// The file or its folder may not be written.
    case readOnly(path: String)
    /// Another process kept the file to itself for too long.
    case busy(path: String)
    /// The file is damaged.
    case damaged(path: String, reason: String)
    /// The system refused to read or write.
    case failed(path: String, reason: String)
    /// The store has been closed.
    case closed(path: String)
    /// There is no such run.
    case unknownRun(String)
    /// There is a run with this id already.
    case runExists(String)
    /// A run's record is more than one entry can hold.
    case tooLarge(path: String)
    /// A record cannot be read or written.
    case unreadable(run: String, reason: String)
    /// A page's length is outside its range.
    case invalidLimit(Int)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "cannot open the store \(path): \(reason); check its folder and permissions, or choose another path"
        case .notAStore(let path, let reason):
            "\(path) is not a store of runs: \(reason); choose another path, or move the file away"
        case .newerVersion(let path):
            "a newer braid wrote the store \(path); use that version, or choose another path"
        case .olderVersion(let path):
            "an older braid wrote the store \(path); open it once for writing, as 'braid serve' does, to bring it up to date"
        case .diskFull(let path):
            "the disk is full, so the store \(path) cannot be written; make room, or choose another path"
        case .readOnly(let path):
            "the store \(path) may not be written; check the permissions of the file and of its folder"
        case .busy(let path):
            "another process kept the store \(path) to itself for \(Self.patienceInSeconds) seconds; end it, or try again"
        case .damaged(let path, let reason):
            "the store \(path) is damaged: \(reason); restore it from a copy, or move it away to begin a new one"
        case .failed(let path, let reason): "the store \(path) failed: \(reason); check the disk"
        case .closed(let path): "the store \(path) has been closed; open it again"
        case .unknownRun(let id): "there is no run \(id) in the store; list the runs to see which there are"
        case .runExists(let id): "there is a run \(id) already; choose another id"
        case .tooLarge(let path):
            "a record is too large for the store \(path); lower the run's token budget"
        case .unreadable(let run, let reason): "the record of the run \(run) cannot be read or written: \(reason)"
        case .invalidLimit(let limit):
            "the limit is \(limit); allowed: \(RunQuery.limits.lowerBound) to \(RunQuery.limits.upperBound)"
        }
    }

    /// How long one process waits for another.
    static let patienceInSeconds = 10

    /// Whether the store itself is out of order, so that whatever is asked next will fail too.
    public var isOutage: Bool {
        switch self {
        case .cannotOpen, .notAStore, .newerVersion, .olderVersion, .diskFull, .readOnly, .busy, .damaged, .failed,
            .closed:
            true
        case .unknownRun, .runExists, .tooLarge, .unreadable, .invalidLimit: false
        }
    }
}
