/// A product of two whole numbers of up to three digits.
public struct Multiplication: Sendable, Hashable {
    /// The first factor.
    public let left: Int
    /// The second factor; a thread each for its non-zero digits.
    public let right: Int

    /// The product.
    public var answer: Int { left * right }

    /// Decides train or held-out; the order of the factors does not matter.
    public var key: String { "multiplication \(min(left, right)) \(max(left, right)) \(answer)" }

    /// The second factor's non-zero digits with their places, units first.
    var parts: [(digit: Int, place: Int)] {
        var list: [(Int, Int)] = []
        var rest = right
        var place = 0
        while rest > 0 {
            if rest % 10 > 0 { list.append((rest % 10, place)) }
            rest /= 10
            place += 1
        }
        return list
    }

    /// Draws factors; about one in twelve has a second factor of one digit.
    static func random(using random: inout SplitMix64) -> Multiplication {
        let left = random.chance(0.5) ? random.int(11...99) : random.int(101...999)
        let right =
            random.chance(0.08) ? random.int(2...9) : random.chance(0.6) ? random.int(11...99) : random.int(101...999)
        return Multiplication(left: left, right: right)
    }
}
