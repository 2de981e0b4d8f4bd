/// A set of Unicode scalars, as a regular expression describes it: ranges, general categories, white space.
struct CharacterSet: Sendable {
    /// Inclusive ranges of scalars.
    var ranges: [ClosedRange<UInt32>] = []
    /// General categories whose scalars belong to the set.
    var categories: UnicodeProperties.Categories = 0
    /// Whether white space, and whether everything else, belongs to the set.
    var hasWhiteSpace = false
    var hasNonWhiteSpace = false
    /// Whether the set is everything but what the rest describes.
    var isInverted = false

    /// Whether a scalar belongs to the set.
    ///
    /// - Complexity: O(number of ranges).
    func contains(_ scalar: UInt32) -> Bool {
        var isMember = categories != 0 && UnicodeProperties.shared.category(of: scalar) & categories != 0
        if !isMember, hasWhiteSpace || hasNonWhiteSpace {
            isMember = UnicodeProperties.isWhiteSpace(scalar) ? hasWhiteSpace : hasNonWhiteSpace
        }
        if !isMember { isMember = ranges.contains { $0.contains(scalar) } }
        return isMember != isInverted
    }

    /// The set without regard to case, for the letters A to Z and what Unicode folds to one of them.
    var foldingASCIICase: CharacterSet {
        var set = self
        for range in ranges {
            for letter in UInt32(0x41)...0x5A {
                if range.contains(letter) { set.ranges.append(letter + 0x20...letter + 0x20) }
                if range.contains(letter + 0x20) { set.ranges.append(letter...letter) }
            }
            if range.contains(0x53) || range.contains(0x73) { set.ranges.append(0x17F...0x17F) }  // long s
            if range.contains(0x4B) || range.contains(0x6B) { set.ranges.append(0x212A...0x212A) }  // kelvin sign
        }
        return set
    }
}
