/// Text from a user or a model, made harmless for a terminal.
///
/// Control characters could move the cursor, change colours or retitle the window; direction overrides could show text
/// in another order than it has. Each becomes U+FFFD.
enum SafeText {
    /// The text on one line: white space of any kind becomes one space each.
    static func line(_ text: some StringProtocol) -> String {
        replaced(text) { $0.properties.isWhitespace ? " " : nil }
    }

    /// The text with its line breaks and tabs.
    static func block(_ text: some StringProtocol) -> String {
        replaced(String(text).replacing("\r\n", with: "\n")) { $0 == "\n" || $0 == "\t" ? $0 : nil }
    }

    private static func replaced(
        _ text: some StringProtocol, keeping kept: (Unicode.Scalar) -> Unicode.Scalar?
    ) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let other = kept(scalar) {
                result.append(other)
            } else {
                result.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return String(result)
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
        default: scalar.properties.generalCategory == .control
        }
    }
}
