/// How the process ends; the numbers are part of the command line's contract.
enum ExitStatus: Int32, CaseIterable {
    /// An answer was given, right or wrong.
    case answered = 0
    /// Something failed that is not the caller's doing.
    case internalFailure = 1
    /// The question, an option or a file cannot be used.
    case badInput = 2
    /// There is no such model or engine, or it cannot be used.
    case noModel = 3
    /// A budget, a deadline or the model's own end left the run without a complete answer.
    case incomplete = 4
    /// The built-in model is not made for the question.
    case notMadeForThis = 5
    /// The run was interrupted (SIGINT).
    case interrupted = 130

    /// What it means, in words.
    var meaning: String {
        switch self {
        case .answered: "answered (a wrong answer too: see 'checked')"
        case .internalFailure: "internal failure"
        case .badInput: "bad input or options"
        case .noModel: "no model or engine, or a bad one"
        case .incomplete: "incomplete: a budget, the timeout or the model's own end cut the run"
        case .notMadeForThis: "the built-in model is not made for this question"
        case .interrupted: "interrupted"
        }
    }

    /// All of them, one per line, for `--help`.
    static var table: String {
        allCases.map { status in
            let number = String(status.rawValue)
            return String(repeating: " ", count: 5 - number.count) + number + "  " + status.meaning
        }.joined(separator: "\n")
    }
}
