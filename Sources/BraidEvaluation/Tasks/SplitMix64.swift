/// SplitMix64 (Steele, Lea, Flood 2014): a small seeded generator whose streams are the same on every platform.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the stream of a seed.
    public init(seed: UInt64) {
        state = seed
    }

    /// Starts the stream number `index` of a seed, independent of its neighbours.
    public init(seed: UInt64, stream index: UInt64) {
        var mixer = SplitMix64(seed: seed ^ 0x9E37_79B9_7F4A_7C15)
        let base = mixer.next()
        var second = SplitMix64(seed: base &+ index &* 0xD134_2543_DE82_EF95)
        state = second.next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in [0, 1).
    public mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Whether an event of this probability happens.
    public mutating func chance(_ probability: Double) -> Bool {
        unit() < probability
    }

    /// A whole number of the range; the modulo bias is below 2^-50 for the ranges used here.
    public mutating func int(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// One element of a non-empty list.
    public mutating func pick<T>(_ list: [T]) -> T {
        list[int(0...(list.count - 1))]
    }
}
