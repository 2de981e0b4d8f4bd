/// Bounds retries to a share of an endpoint's requests, so that trouble is not answered with a storm: a pure value.
///
/// Every request earns a fifth of a retry, and ten at most are saved up; the first ten are given.
struct RetryBudget: Sendable, Hashable {
    private static let share = 0.2
    private static let most = 10.0

    private var saved = most

    /// Notes a request that is not a retry.
    mutating func earn() {
        saved = min(Self.most, saved + Self.share)
    }

    /// Takes a retry; false when there is none.
    mutating func spend() -> Bool {
        guard saved >= 1 else { return false }
        saved -= 1
        return true
    }
}
