/// The merges of a byte-pair encoding: which two tokens become which one, and in what order of preference.
struct MergeTable: Sendable {
    /// What a pair of tokens becomes.
    struct Merge: Sendable, Hashable {
        /// The smaller, the earlier.
        let rank: UInt32
        /// The token that the pair becomes.
        let result: Int32
    }

    private var merges: [UInt64: Merge] = [:]

    /// Creates an empty table with room for `count` merges.
    init(minimumCapacity count: Int) {
        merges.reserveCapacity(count)
    }

    /// What `left` followed by `right` becomes, if anything.
    subscript(left: Int32, right: Int32) -> Merge? {
        get { merges[Self.key(left, right)] }
        set { merges[Self.key(left, right)] = newValue }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Mixes all merges into `hash`, in order of rank.
    func hash(into hash: inout StableHash) {
        for (pair, merge) in merges.sorted(by: { $0.value.rank < $1.value.rank }) {
            hash.combine(pair)
            hash.combine(UInt64(UInt32(bitPattern: merge.result)))
        }
    }
}
