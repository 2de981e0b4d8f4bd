/// Why an arithmetic expression has no value.
public enum ExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Something other than what may stand here; the position counts characters from 1.
    case unexpected(found: String, expected: String, position: Int)
    /// More characters than the evaluator reads.
    case tooLong(characters: Int, limit: Int)
    /// Brackets and signs within each other deeper than the evaluator goes.
    case tooDeep(limit: Int)
    /// A division by zero.
    case divisionByZero(position: Int)
    /// A number that does not fit.
    case overflow(position: Int)

    /// What is wrong and where.
    public var description: String {
        switch self {
        case .unexpected(let found, let expected, let position):
            "\(found) at character \(position), where \(expected) is due"
        case .tooLong(let characters, let limit): "\(characters) characters; at most \(limit) are read"
        case .tooDeep(let limit): "brackets deeper than \(limit)"
        case .divisionByZero(let position): "division by zero at character \(position)"
        case .overflow(let position): "a number too large at character \(position)"
        }
    }
}
