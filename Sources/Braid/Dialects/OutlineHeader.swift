/// Reads what an outline or a thread begins with: `3:`, `3 after 1,2:` or, where numbers are dotted, `1.3:`.
struct OutlineHeader {
    /// What is known of a thread's label.
    enum Label: Sendable, Hashable {
        /// It may still come.
        case undecided
        /// It has come; the rest is the thread's text.
        case found(prefix: String, number: Int, rest: String)
        /// There is none.
        case none
    }

    /// What stands between an outline's number and those it comes after.
    static let after = " after "

    /// Numbers have at most this many digits, so they cannot overflow.
    private static let maximumDigits = 6
    /// A label comes within so many bytes or not at all.
    private static let maximumHeader = 256

    private let suffix: String
    private let isDotted: Bool
    private let hasDependencies: Bool

    init(_ dialect: Dialect) {
        suffix = dialect.numberSuffix
        isDotted = dialect.numbering == .dotted
        hasDependencies = dialect.dependencies != .none
    }

    /// The outline in an outline's whole text, or nil when it does not begin with a label.
    func outline(_ text: String) -> Outline? {
        var rest = text.unicodeScalars[...]
        Self.skipSpace(&rest)
        guard let (prefix, number) = readLabel(&rest) else { return nil }
        var after: [Int] = []
        let keyword = Self.after.unicodeScalars
        if hasDependencies, rest.starts(with: keyword) {
            rest = rest.dropFirst(keyword.count)
            repeat {
                guard let earlier = Self.readNumber(&rest) else { return nil }
                if !after.contains(earlier) { after.append(earlier) }
            } while Self.skip(",", &rest)
        }
        guard Self.skip(suffix, &rest) else { return nil }
        return Outline(number: number, prefix: prefix.isEmpty ? nil : prefix, after: after, text: String(rest))
    }

    /// The label that a thread's text begins with, as far as the text has come.
    func label(_ text: String) -> Label {
        var rest = text.unicodeScalars[...]
        Self.skipSpace(&rest)
        if rest.isEmpty { return text.utf8.count < Self.maximumHeader ? .undecided : .none }
        guard let (prefix, number) = readLabel(&rest) else {
            return isDotted && text.utf8.last == UInt8(ascii: ".") && text.utf8.count < Self.maximumHeader
                ? .undecided : .none
        }
        if Self.skip(suffix, &rest) { return .found(prefix: prefix, number: number, rest: String(rest)) }
        return suffix.unicodeScalars.starts(with: rest) ? .undecided : .none
    }

    /// Reads `1.2.3` as prefix `1.2.` and number 3.
    private func readLabel(_ rest: inout Substring.UnicodeScalarView) -> (prefix: String, number: Int)? {
        guard var number = Self.readNumber(&rest) else { return nil }
        var prefix = ""
        while isDotted, Self.skip(".", &rest) {
            guard prefix.utf8.count < Self.maximumHeader, let next = Self.readNumber(&rest) else { return nil }
            prefix += "\(number)."
            number = next
        }
        return (prefix, number)
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
