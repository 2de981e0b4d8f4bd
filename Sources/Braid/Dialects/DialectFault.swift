/// What is wrong with a dialect's data.
public enum DialectFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// A part that the dialect's fork point needs is not there.
    case missing(part: String, reason: String)
    /// A part that the dialect's fork point has no use for is there.
    case unused(part: String, reason: String)
    /// Two parts have the same tag, so neither could be told from the other.
    case ambiguous(tag: String, first: String, second: String)
    /// A value that makes no sense.
    case invalid(part: String, value: String, allowed: String)

    /// What is wrong, and what would be right.
    public var description: String {
        switch self {
        case .missing(let part, let reason): "\(part) is missing: \(reason)"
        case .unused(let part, let reason): "\(part) is there and cannot be used: \(reason)"
        case .ambiguous(let tag, let first, let second):
            "\(first) and \(second) have the same tag \(tag); give each its own"
        case .invalid(let part, let value, let allowed): "\(part) is \(value); allowed: \(allowed)"
        }
    }
}
