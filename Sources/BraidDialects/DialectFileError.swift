public import Braid

/// Why a dialect file cannot be used.
public enum DialectFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It is not YAML; the reader's own words.
    case notYAML(source: String, reason: String)
    /// A value, with the place where it stands.
    case invalid(source: String, line: Int, column: Int, reason: String)
    /// Every value can be read, and together they make no dialect.
    case faults(source: String, [DialectFault])
    /// The file is longer than any dialect.
    case tooLong(source: String, limit: Int)

    /// What is wrong, where, and what would be right.
    public var description: String {
        switch self {
        case .notYAML(let source, let reason): "\(source) is not YAML: \(reason)"
        case .invalid(let source, let line, let column, let reason):
            "\(source), line \(line), column \(column): \(reason)"
        case .faults(let source, let faults):
            "\(source) is no dialect that could be run:\n" + faults.map { "  \($0)" }.joined(separator: "\n")
        case .tooLong(let source, let limit):
            "\(source) has more than \(limit) bytes; a dialect has a few hundred"
        }
    }
}
