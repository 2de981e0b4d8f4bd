/// The random numbers of one thread: number k depends on the seed and on k alone, so a draw does not depend on what else
/// runs, nor on how often anything was drawn before.
///
/// The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number
/// Generators", figure 16), applied to seed and index in turn.
struct DrawSequence: Sendable {
    private let key: UInt64

    /// The sequence of a seed.
    init(seed: UInt64) {
        key = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    }

    /// A number in [0, 1), in steps of 2^-53.
    subscript(index: Int) -> Double {
        let bits = Self.mixed(key ^ Self.mixed(UInt64(bitPattern: Int64(index)) &+ 0x9E37_79B9_7F4A_7C15))
        return Double(bits >> 11) * 0x1p-53
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
