/// The place in a list of runs after which the next page begins.
///
/// It names the last run that was seen, by time and id, so that runs which come or go meanwhile shift nothing.
public struct RunCursor: Sendable, Hashable, LosslessStringConvertible {
    /// When that run was asked, in microseconds since 1970.
    let created: Int64
    /// Its id.
    let id: String

    init(created: Int64, id: String) {
        self.created = created
        self.id = id
    }

    /// Reads what ``description`` wrote; nil for anything else.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let created = Int64(parts[0]), String(created) == parts[0], !parts[1].isEmpty else {
            return nil
        }
        self.init(created: created, id: String(parts[1]))
    }

    /// It, for a reader to hand back.
    public var description: String { "\(created):\(id)" }
}
