/// GPT-2's way of writing any byte as a visible character, in which byte-level vocabularies are spelt.
///
/// Printable bytes stand for themselves; the other 68 become U+0100, U+0101, ... in order. A space is `Ġ`.
enum ByteLevelAlphabet {
    /// The bytes that stand for themselves.
    private static func isPrintable(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
    }

    /// The byte that each of U+0000 to U+0143 stands for, or -1.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        var next = 0x100
        for byte in UInt8.min...UInt8.max {
            if isPrintable(byte) {
                bytes[Int(byte)] = Int16(byte)
            } else {
                bytes[next] = Int16(byte)
                next += 1
            }
        }
        return bytes
    }()

    /// Whether `text` is one character that stands for a byte.
    static func spellsByte(_ text: String) -> Bool {
        var spelling: [UInt8] = []
        return append(bytesSpelledBy: text[...].unicodeScalars, to: &spelling) && spelling.count == 1
    }

    /// Appends the bytes that `text` spells to `bytes`, or appends nothing and returns false if it spells none.
    ///
    /// - Complexity: O(length of `text`).
    static func append(bytesSpelledBy text: Substring.UnicodeScalarView, to result: inout [UInt8]) -> Bool {
        let start = result.count
        for scalar in text {
            let value = Int(scalar.value)
            guard value < bytes.count, bytes[value] >= 0 else {
                result.removeSubrange(start...)
                return false
            }
            result.append(UInt8(truncatingIfNeeded: bytes[value]))
        }
        return true
    }
}
