/// A graph of operations that cannot be run.
public enum GraphError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It has no operations.
    case empty
    /// Two operations have the same name.
    case duplicate(String)
    /// An operation works on one that does not exist.
    case unknown(String, in: String)
    /// These operations wait for each other.
    case cycle([String])
    /// A number of an operation is outside its range.
    case outOfRange(operation: String, value: Int, allowed: ClosedRange<Int>)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .empty: "the graph has no operations; give it at least one"
        case .duplicate(let name): "the graph has two operations \(name); give each its own name"
        case .unknown(let name, let node): "the operation \(node) comes after \(name), which the graph does not have"
        case .cycle(let names):
            "the operations \(names.joined(separator: ", ")) wait for each other; take out one of the edges"
        case .outOfRange(let name, let value, let allowed):
            "the operation \(name) has \(value); choose a number from \(allowed.lowerBound) to \(allowed.upperBound)"
        }
    }
}
