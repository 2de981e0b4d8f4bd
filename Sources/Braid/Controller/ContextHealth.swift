/// How well a model still reads a context: a fixed text scored after it, and how much it repeats itself.
public struct ContextHealth: Sendable, Hashable, Codable {
    /// Mean negative log-probability of the probe's tokens when the thread began, in nats.
    public var baseline: Double
    /// The same now.
    public var current: Double
    /// Share of the latest tokens that repeat what came shortly before, 0 to 1.
    public var repetition: Double

    /// Creates a reading.
    public init(baseline: Double, current: Double, repetition: Double) {
        self.baseline = baseline
        self.current = current
        self.repetition = repetition
    }

    /// Mean negative log-probability in nats; nil when there are none, or when one is not a number.
    public static func perplexity(_ scores: [LogProbability]) -> Double? {
        guard !scores.isEmpty else { return nil }
        let mean = -scores.reduce(0) { $0 + Double($1.value) } / Double(scores.count)
        return mean.isFinite ? mean : nil
    }

    /// Share of n-grams of these tokens that occurred before among them, 0 to 1.
    /// - Complexity: O(number of tokens · n).
    public static func repetition(of tokens: some Collection<TokenID>, n: Int = 4) -> Double {
        let tokens = Array(tokens)
        guard n > 0, tokens.count > n else { return 0 }
        var seen: Set<ArraySlice<TokenID>> = []
        var repeats = 0
        let count = tokens.count - n + 1
        for start in 0..<count where !seen.insert(tokens[start..<(start + n)]).inserted { repeats += 1 }
        return Double(repeats) / Double(count)
    }
}
