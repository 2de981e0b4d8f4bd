/// A budget that makes no sense.
public enum BudgetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A number is outside its range.
    case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
    /// The deadline has passed before the run begins.
    case deadlineNotPositive(Duration)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .outOfRange(let name, let value, let allowed):
            "\(name) is \(value); choose a number from \(allowed.lowerBound) to \(allowed.upperBound)"
        case .deadlineNotPositive(let deadline):
            "the deadline is \(deadline); choose more than zero seconds, or none"
        }
    }
}
