/// Bounds retries to a share of an endpoint's requests, so that trouble is not answered with a storm: a pure value.
///
/// Every request earns a fifth of a retry, and ten are given to begin with. As many are saved up as the endpoint takes
/// requests at once, at least ten: when another one dies, what was under way there can go on here.
struct RetryBudget: Sendable, Hashable {
    private static let share = 0.2
    private static let given = 10.0

    private let most: Double
    private var saved = given

    /// Begins with what is given.
    /// - Parameter capacity: requests that the endpoint takes at once.
    init(capacity: Int) {
        most = max(Self.given, Double(capacity))
    }

    /// Notes a request that is not a retry.
    mutating func earn() {
        saved = min(most, saved + Self.share)
    }

    /// Takes a retry; false when there is none.
    mutating func spend() -> Bool {
        guard saved >= 1 else { return false }
        saved -= 1
        return true
    }
}
