/// Unicode's canonical composition (NFC), with the tables of `tokenizers`.
///
/// The Unicode Standard, section 3.11 (canonical ordering, composition) and 3.12 (Hangul). Text is worked on in
/// stretches that cannot influence each other, so what is composed from trusted text only stays trusted.
enum CanonicalComposition {
    /// The composed text.
    ///
    /// - Complexity: O(length of the text), and O(m log m) for m marks on one character.
    static func compose(_ text: MarkedText) -> MarkedText {
        // Below U+0300, whose first byte is 0xCC, everything is composed already.
        guard text.bytes.contains(where: { $0 >= 0xCC }) else { return text }
        let tables = UnicodeProperties.shared
        var result = MarkedText()
        result.bytes.reserveCapacity(text.bytes.count)
        var stretch: [UInt32] = []
        var stretchStart = 0
        // A stretch that is as it should be is copied without a look at its parts.
        var isPlain = true
        func finish(at end: Int) {
            let range = stretchStart..<end
            if isPlain {
                result.append(text, range)
            } else {
                result.append(composed(stretch, tables), isTrusted: text.isTrusted(range))
            }
        }
        text.bytes.withUnsafeBufferPointer { bytes in
            var position = 0
            while position < bytes.count {
                let (scalar, length) = UTF8Scalar.decode(bytes, at: position)
                let kind = kind(of: scalar, tables)
                if kind != .joins {
                    finish(at: position)
                    stretch.removeAll(keepingCapacity: true)
                    stretchStart = position
                    isPlain = true
                }
                if kind != .startsPlain { isPlain = false }
                stretch.append(scalar)
                position += length
            }
            finish(at: position)
        }
        return result
    }

    private enum Kind {
        /// Composed already, and nothing before it can reach it.
        case startsPlain
        /// Comes apart, but nothing before it can reach it.
        case starts
        /// May move before or compose with what stands before it.
        case joins
    }

    private static func kind(of scalar: UInt32, _ tables: UnicodeProperties) -> Kind {
        if scalar < 0x300 || (0xAC00...0xD7A3).contains(scalar) { return .startsPlain }
        if (0x1161...0x1175).contains(scalar) || (0x11A8...0x11C2).contains(scalar) { return .joins }
        if tables.combiningClass(of: scalar) != 0 || tables.isSecond(scalar) { return .joins }
        guard let parts = tables.decomposition(of: scalar) else { return .startsPlain }
        if let first = parts.first, tables.combiningClass(of: first) != 0 || tables.isSecond(first) { return .joins }
        // A scalar that composes from its parts is as it should be.
        var whole = parts[0]
        for part in parts.dropFirst() {
            guard let next = tables.composition(of: whole, part) else { return .starts }
            whole = next
        }
        return whole == scalar ? .startsPlain : .starts
    }

    private static func composed(_ stretch: [UInt32], _ tables: UnicodeProperties) -> [UInt32] {
        var scalars: [UInt32] = []
        for scalar in stretch {
            if (0xAC00...0xD7A3).contains(scalar) {
                let index = scalar - 0xAC00
                scalars.append(0x1100 + index / 588)
                scalars.append(0x1161 + index % 588 / 28)
                if index % 28 != 0 { scalars.append(0x11A7 + index % 28) }
            } else if let parts = tables.decomposition(of: scalar) {
                scalars += parts
            } else {
                scalars.append(scalar)
            }
        }
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count, tables.combiningClass(of: scalars[end]) != 0 { end += 1 }
            if end - start > 1 {
                // Swift's sort keeps the order of equal elements.
                scalars[start..<end].sort { tables.combiningClass(of: $0) < tables.combiningClass(of: $1) }
            }
            start = end + 1
        }
        var result: [UInt32] = []
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let combiningClass = tables.combiningClass(of: scalar)
            if let starter {
                let isAdjacent = starter == result.count - 1
                if isAdjacent || lastClass != 0 && lastClass < combiningClass,
                    let composed = pair(result[starter], scalar, tables)
                {
                    result[starter] = composed
                    continue
                }
            }
            if combiningClass == 0 { starter = result.count }
            lastClass = combiningClass
            result.append(scalar)
        }
        return result
    }

    private static func pair(_ first: UInt32, _ second: UInt32, _ tables: UnicodeProperties) -> UInt32? {
        if (0x1100...0x1112).contains(first), (0x1161...0x1175).contains(second) {
            return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
        }
        if (0xAC00...0xD7A3).contains(first), (first - 0xAC00).isMultiple(of: 28), (0x11A8...0x11C2).contains(second) {
            return first + second - 0x11A7
        }
        return tables.composition(of: first, second)
    }
}
