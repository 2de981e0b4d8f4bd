/// What the tokenizer must know of every Unicode scalar, read once from ``UnicodeTables``.
struct UnicodeProperties: Sendable {
    /// The tables, laid out when they are first needed.
    static let shared = UnicodeProperties()

    /// General categories, as bits of a set: bit 0 is Lu, in the order of ``categoryNames``.
    typealias Categories = UInt32

    static let categoryNames = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "Sm",
        "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cn",
    ]
    static let letters: Categories = 0b11111
    static let numbers: Categories = 0b111 << 8

    /// `\s` of Oniguruma: Unicode's White_Space.
    static func isWhiteSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    private static let blockLength = 256
    private static let limit = 0x11_0000

    /// The block of `categoryBlocks` for each 256 scalars.
    private let categoryIndex: [UInt16]
    private let categoryBlocks: [UInt8]
    /// The place of each combining class in their order; no entry for 0.
    private let combiningClasses: [UInt32: UInt8]
    /// Canonical decompositions, down to the last part.
    private let decompositions: [UInt32: [UInt32]]
    /// What two scalars compose into.
    private let compositions: [UInt64: UInt32]
    /// Scalars that are second in a composition.
    private let seconds: Set<UInt32>

    private init() {
        var kinds = [UInt8](repeating: 28, count: Self.limit)
        var position = 0
        var letter: UInt8?
        var count = 0
        func fill() {
            guard let letter else { return }
            for _ in 0..<max(1, count) where position < kinds.count {
                kinds[position] = letter
                position += 1
            }
            count = 0
        }
        for byte in UnicodeTables.categories.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): count = count * 10 + Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                fill()
                letter = byte - UInt8(ascii: "A")
            default:
                fill()
                letter = byte - UInt8(ascii: "a") + 26
            }
        }
        fill()
        var index: [UInt16] = []
        var blocks: [UInt8] = []
        var known: [ArraySlice<UInt8>: UInt16] = [:]
        for start in stride(from: 0, to: Self.limit, by: Self.blockLength) {
            let block = kinds[start..<start + Self.blockLength]
            if let number = known[block] {
                index.append(number)
            } else {
                let number = UInt16(truncatingIfNeeded: known.count)
                known[block] = number
                index.append(number)
                blocks.append(contentsOf: block)
            }
        }
        categoryIndex = index
        categoryBlocks = blocks

        var classes: [UInt32: UInt8] = [:]
        for entry in Self.entries(of: UnicodeTables.combiningClasses) where entry.count == 3 {
            for code in entry[0]..<entry[0] + entry[1] { classes[code] = UInt8(truncatingIfNeeded: entry[2]) }
        }
        combiningClasses = classes

        var parts: [UInt32: [UInt32]] = [:]
        for entry in Self.entries(of: UnicodeTables.decompositions) { parts[entry[0]] = Array(entry[1...]) }
        let composed = Self.entries(of: UnicodeTables.compositions).filter { $0.count == 3 }
        var pairs: [UInt64: UInt32] = [:]
        for entry in composed {
            parts[entry[0]] = Array(entry[1...])
            pairs[Self.key(entry[1], entry[2])] = entry[0]
        }
        // The first part of a composed scalar may itself be composed; it has at most four levels.
        for entry in composed {
            var whole = Array(entry[1...])
            while let first = whole.first, let finer = parts[first] { whole.replaceSubrange(0...0, with: finer) }
            parts[entry[0]] = whole
        }
        decompositions = parts
        compositions = pairs
        seconds = Set(composed.map { $0[2] })
    }

    /// The numbers of each entry, the first of them made absolute.
    private static func entries(of table: String) -> [[UInt32]] {
        var entries: [[UInt32]] = []
        var last: UInt32 = 0
        for word in table.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            var entry = word.split(separator: ",").map { UInt32($0, radix: 16) ?? 0 }
            entry[0] += last
            last = entry[0]
            entries.append(entry)
        }
        return entries
    }

    private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    /// The one bit of a scalar's general category.
    ///
    /// - Complexity: O(1).
    func category(of scalar: UInt32) -> Categories {
        let code = Int(scalar)
        guard code < Self.limit else { return 1 << 28 }
        let block = Int(categoryIndex[code / Self.blockLength])
        return 1 << UInt32(categoryBlocks[block * Self.blockLength + code % Self.blockLength])
    }

    /// The place of a scalar's combining class in the order of classes; 0 for a scalar that no other may pass.
    func combiningClass(of scalar: UInt32) -> UInt8 { combiningClasses[scalar] ?? 0 }

    /// A scalar's parts, if it has any.
    func decomposition(of scalar: UInt32) -> [UInt32]? { decompositions[scalar] }

    /// What two scalars compose into, if anything.
    func composition(of first: UInt32, _ second: UInt32) -> UInt32? { compositions[Self.key(first, second)] }

    /// Whether a scalar can be the second of two that compose.
    func isSecond(_ scalar: UInt32) -> Bool { seconds.contains(scalar) }
}
