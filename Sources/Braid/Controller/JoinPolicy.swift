/// When the threads of a fork come back together.
public enum JoinPolicy: Sendable, Hashable, Codable {
    /// When all have ended.
    case all
    /// As soon as a check has confirmed what one of them returned; when all have ended at the latest.
    case firstVerified
    /// As soon as this many have returned something that no check refuted; when all have ended at the latest.
    case quorum(Int)
    /// When this much time has passed since the fork; when all have ended at the latest.
    case deadline(Duration)

    /// How one thread of a fork stands.
    public enum Status: Sendable, Hashable {
        /// It has not ended.
        case open
        /// It returned something that nothing speaks against.
        case returned
        /// It returned something that a check found right.
        case verified
        /// It ended without anything that can be used.
        case failed
    }

    /// Why the threads that are still open are not waited for any longer; nil to wait.
    public func reasonToJoin(_ threads: [Status], elapsed: Duration) -> String? {
        guard threads.contains(.open) else { return nil }
        switch self {
        case .all: return nil
        case .firstVerified:
            return threads.contains(.verified) ? "a thread returned a checked result" : nil
        case .quorum(let needed):
            let count = threads.count { $0 == .returned || $0 == .verified }
            return count >= max(1, needed) ? "\(count) of \(threads.count) threads have returned" : nil
        case .deadline(let limit):
            return elapsed >= limit ? "the fork's time of \(limit) is over" : nil
        }
    }
}
