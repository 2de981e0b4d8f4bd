/// A budget that makes no sense.
public enum BudgetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A number is outside its range.
    case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
    /// The deadline has passed before the run begins.
    case deadlineNotPositive(Duration)
    /// A price is negative or no number, or a limit is not more than zero.
    case invalidSpending(limit: Double, promptPrice: Double, completionPrice: Double)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .outOfRange(let name, let value, let allowed):
            "\(name) is \(value); choose a number from \(allowed.lowerBound) to \(allowed.upperBound)"
        case .deadlineNotPositive(let deadline):
            "the deadline is \(deadline); choose more than zero seconds, or none"
        case .invalidSpending(let limit, let promptPrice, let completionPrice):
            "the limit is \(limit) at \(promptPrice) for a million prompt tokens and \(completionPrice) for a million "
                + "decoded ones; choose a limit above 0 and prices of at least 0"
        }
    }
}
