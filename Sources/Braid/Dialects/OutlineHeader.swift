/// Reads what an outline or a thread begins with: `3:` or `3 after 1,2:`.
enum OutlineHeader {
    /// What is known of a thread's number.
    enum Number: Sendable, Hashable {
        /// It may still come.
        case undecided
        /// It has come; the rest is the thread's text.
        case found(Int, rest: String)
        /// There is none.
        case none
    }

    /// Numbers have at most this many digits, so they cannot overflow.
    private static let maximumDigits = 6
    /// A number comes within so many bytes or not at all.
    private static let maximumHeader = 256

    /// The outline in an outline's whole text, or nil when it does not begin with a number.
    static func parse(_ text: String, suffix: String) -> Outline? {
        var rest = text.unicodeScalars[...]
        skipSpace(&rest)
        guard let number = readNumber(&rest) else { return nil }
        var after: [Int] = []
        let keyword = " after ".unicodeScalars
        if rest.starts(with: keyword) {
            rest = rest.dropFirst(keyword.count)
            repeat {
                guard let earlier = readNumber(&rest) else { return nil }
                if !after.contains(earlier) { after.append(earlier) }
            } while skip(",", &rest)
        }
        guard skip(suffix, &rest) else { return nil }
        return Outline(number: number, after: after, text: String(rest))
    }

    /// The number that a thread's text begins with, as far as the text has come.
    static func number(of text: String, suffix: String) -> Number {
        var rest = text.unicodeScalars[...]
        skipSpace(&rest)
        if rest.isEmpty { return text.utf8.count < maximumHeader ? .undecided : .none }
        guard let number = readNumber(&rest) else { return .none }
        if skip(suffix, &rest) { return .found(number, rest: String(rest)) }
        return suffix.unicodeScalars.starts(with: rest) ? .undecided : .none
    }

    private static func skipSpace(_ rest: inout Substring.UnicodeScalarView) {
        while let first = rest.first, first.properties.isWhitespace { rest = rest.dropFirst() }
    }

    private static func skip(_ text: String, _ rest: inout Substring.UnicodeScalarView) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }

    private static func readNumber(_ rest: inout Substring.UnicodeScalarView) -> Int? {
        var value = 0
        var digits = 0
        while let first = rest.first, (48...57).contains(first.value), digits <= maximumDigits {
            value = value * 10 + Int(first.value) - 48
            digits += 1
            rest = rest.dropFirst()
        }
        return (1...maximumDigits).contains(digits) ? value : nil
    }
}
