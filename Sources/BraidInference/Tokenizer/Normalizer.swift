internal import Foundation

/// What happens to text before it is cut into pieces: nothing, or Unicode's canonical composition (NFC).
///
/// Composition is the system's, so its tables are too. On Linux they lack the combining classes of marks newer than
/// Unicode 9 and of some beyond U+FFFF; several such marks on one character may stay in the order in which they came.
enum Normalizer: Sendable {
    case none
    case canonicalComposition

    /// A stretch of text this long is composed in one go; the system's function takes quadratic time on Linux.
    private static let stretchLength = 256
    /// A stretch is cut after this many scalars even where cutting can matter: only a single character with thousands
    /// of combining marks gets there.
    private static let longestStretchLength = 4_096

    /// The normalised text.
    ///
    /// - Complexity: O(length of `text`).
    func normalize(_ text: String) -> String {
        // Below U+0300, whose first byte is 0xCC, everything is composed already.
        guard self == .canonicalComposition, text.utf8.contains(where: { $0 >= 0xCC }) else { return text }
        let scalars = text.unicodeScalars
        var result = ""
        result.reserveCapacity(text.utf8.count)
        var start = scalars.startIndex
        var count = 0
        for index in scalars.indices {
            let isLongEnough = count >= Self.stretchLength && Self.startsAnew(scalars[index])
            if isLongEnough || count >= Self.longestStretchLength {
                result += Self.compose(text[start..<index])
                start = index
                count = 0
            }
            count += 1
        }
        result += Self.compose(text[start...])
        return result
    }

    private static func compose(_ text: Substring) -> String {
        guard text.utf8.contains(where: { $0 >= 0xCC }) else { return String(text) }
        return composeHangul(String(text).precomposedStringWithCanonicalMapping)
    }

    /// Composes a Hangul syllable without a final consonant and the final consonant after it, which Foundation leaves
    /// apart when the syllable came composed.
    ///
    /// The arithmetic is that of the Unicode Standard, section 3.12.
    private static func composeHangul(_ text: String) -> String {
        let finals: ClosedRange<UInt32> = 0x11A8...0x11C2
        guard text.unicodeScalars.contains(where: { finals.contains($0.value) }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if finals.contains(scalar.value), let last = result.last, (0xAC00...0xD7A3).contains(last.value),
                (last.value - 0xAC00).isMultiple(of: 28),
                let syllable = Unicode.Scalar(last.value + scalar.value - 0x11A7)
            {
                result.removeLast()
                result.append(syllable)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Whether a scalar can neither be reordered with nor composed into what stands before it.
    ///
    /// Marks can, and of all letters only the later parts of Hangul and Kirat Rai syllables.
    private static func startsAnew(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300: return true
        case 0x1160...0x11FF, 0xD7B0...0xD7FF, 0x16D40...0x16D7F: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .unassigned: return false
        default: return true
        }
    }
}
