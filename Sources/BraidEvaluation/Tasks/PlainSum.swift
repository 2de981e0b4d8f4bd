/// A sum or difference of two numbers that needs one step and no fork.
public struct PlainSum: Sendable, Hashable {
    /// The first number.
    public let left: Int
    /// `+` or `-`.
    public let symbol: String
    /// The second number.
    public let right: Int

    /// The value asked for.
    public var answer: Int { symbol == "+" ? left + right : left - right }

    /// Decides train or held-out; the order of the numbers does not matter.
    public var key: String { "sum \(min(left, right)) \(max(left, right)) \(answer)" }

    /// Draws two numbers whose sum is at most 999.
    static func random(using random: inout SplitMix64) -> PlainSum {
        let top = random.chance(0.6) ? 99 : 499
        let (a, b) = (random.int(1...top), random.int(1...top))
        if random.chance(0.25) { return PlainSum(left: max(a, b), symbol: "-", right: min(a, b)) }
        return PlainSum(left: a, symbol: "+", right: b)
    }
}
