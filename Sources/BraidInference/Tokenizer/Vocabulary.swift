/// The bytes of every token, and the ids of byte strings.
///
/// All tokens' bytes lie end to end in one array; the index is an open-addressed hash table of ids, so a look-up
/// allocates nothing. The hash is Swift's seeded one: a hostile vocabulary cannot make tokens collide on purpose.
struct Vocabulary: Sendable {
    /// One past the largest id that a vocabulary may use.
    static let maximumSize = 1 << 24

    private var bytes: [UInt8] = []
    /// `starts[id]..<starts[id + 1]` are the bytes of `id`.
    private var starts: [Int] = [0]
    private var slots: [Int32]
    private let mask: Int

    /// One past the largest id.
    var size: Int { starts.count - 1 }

    /// Bytes of the longest token.
    var longest: Int { zip(starts, starts.dropFirst()).reduce(0) { max($0, $1.1 - $1.0) } }

    /// Lays tokens down.
    ///
    /// - Parameters:
    ///   - tokens: Id and bytes of each, sorted by id, each id once and below ``maximumSize``; ids left out have no bytes.
    ///   - isIndexed: Whether the token of an id can be found by its bytes.
    /// - Complexity: O(total length).
    init(_ tokens: [(id: Int32, bytes: [UInt8])], isIndexed: (Int32) -> Bool) {
        var capacity = 16
        while capacity < tokens.count * 2 { capacity *= 2 }
        slots = [Int32](repeating: -1, count: capacity)
        mask = capacity - 1
        starts.reserveCapacity(tokens.count + 1)
        for token in tokens {
            while size < Int(token.id) { starts.append(bytes.count) }
            bytes.append(contentsOf: token.bytes)
            starts.append(bytes.count)
            guard isIndexed(token.id), !token.bytes.isEmpty else { continue }
            token.bytes.withUnsafeBytes { spelling in
                let slot = slot(of: spelling)
                if slots[slot] < 0 { slots[slot] = token.id }
            }
        }
    }

    /// The bytes that a token stands for; none for an id that is not a token.
    func bytes(of id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, Int(id) < size else { return [] }
        return bytes[starts[Int(id)]..<starts[Int(id) + 1]]
    }

    /// The token that stands for exactly these bytes.
    func id(of spelling: UnsafeRawBufferPointer) -> Int32? {
        let id = slots[slot(of: spelling)]
        return id < 0 ? nil : id
    }

    /// The slot that holds these bytes, or the empty one where they would go.
    private func slot(of spelling: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: spelling)
        var slot = hasher.finalize() & mask
        while slots[slot] >= 0 {
            let id = Int(slots[slot])
            let range = starts[id]..<starts[id + 1]
            if range.count == spelling.count, bytes[range].elementsEqual(spelling) { return slot }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// A hash of all ids and bytes, the same on every machine: FNV-1a, 64 bits.
    ///
    /// - Complexity: O(total length).
    func hash(into hash: inout StableHash) {
        bytes.withUnsafeBufferPointer { bytes in
            for id in 0..<size where starts[id] < starts[id + 1] {
                hash.combine(UInt64(id))
                hash.combine(UInt64(starts[id + 1] - starts[id]))
                for index in starts[id]..<starts[id + 1] { hash.combine(bytes[index]) }
            }
        }
    }
}
