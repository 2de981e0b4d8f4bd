/// Why a request got no whole answer.
public enum TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is nobody at the address, or it cannot be reached.
    case unreachable(String)
    /// The connection broke before the answer began.
    case lost(String)
    /// The connection broke, or the answer was malformed, after it began.
    case cut(String)
    /// Nothing came for too long.
    case silent(Duration)

    /// What happened.
    public var description: String {
        switch self {
        case .unreachable(let why): "it cannot be reached: \(why)"
        case .lost(let why): "the connection was lost: \(why)"
        case .cut(let why): "its answer was cut: \(why)"
        case .silent(let limit): "nothing came from it for \(limit)"
        }
    }
}
