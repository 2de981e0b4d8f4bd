/// The Wilson score interval of a share, at 95 % confidence (Wilson 1927, equation 4 with z = 1.96).
public struct WilsonInterval: Sendable, Hashable {
    /// Lower end, 0...1.
    public let low: Double
    /// Upper end, 0...1.
    public let high: Double

    /// The interval for `successes` out of `trials`; 0...1 for no trials.
    public init(successes: Int, trials: Int) {
        guard trials > 0 else {
            (low, high) = (0, 1)
            return
        }
        let z = 1.959_963_984_540_054
        let n = Double(trials)
        let share = Double(successes) / n
        let scale = 1 + z * z / n
        let middle = (share + z * z / (2 * n)) / scale
        let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot() / scale
        low = successes == 0 ? 0 : max(0, middle - half)
        high = successes == trials ? 1 : min(1, middle + half)
    }
}
