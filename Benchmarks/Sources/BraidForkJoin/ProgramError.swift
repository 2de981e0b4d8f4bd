/// What can be wrong with a line of input.
enum ProgramError: Error, Sendable, CustomStringConvertible {
    /// A word that is not `key=value`, or an empty line.
    case malformed(String)
    /// There is no such program.
    case unknownProgram(String, known: [String])
    /// A value is not one of those allowed.
    case invalidValue(key: String, value: String, allowed: String)
    /// The engine stopped before it had decoded what was asked for.
    case stoppedEarly(decoded: Int, wanted: Int)

    /// What happened, and what to do.
    var description: String {
        switch self {
        case .malformed(let word): "'\(word)' is not key=value; write for example: threads prefix=512 width=4"
        case .unknownProgram(let name, let known):
            "there is no program '\(name)'; there are: \(known.joined(separator: ", "))"
        case .invalidValue(let key, let value, let allowed): "\(key) is '\(value)'; allowed: \(allowed)"
        case .stoppedEarly(let decoded, let wanted):
            "decoding ended after \(decoded) of \(wanted) tokens; use a model whose config.json names no end token "
                + "and a context that is long enough"
        }
    }
}
