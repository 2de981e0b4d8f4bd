/// Text with named places in braces, such as `{n}`.
enum Template {
    /// Puts values into their places in one pass, so braces within a value stay as they are.
    static func fill(_ template: String, _ values: [String: String]) -> String {
        var filled = ""
        var rest = template[...]
        while let brace = rest.firstIndex(of: "{") {
            filled += rest[..<brace]
            rest = rest[brace...]
            if let end = rest.firstIndex(of: "}"), let value = values[String(rest[rest.index(after: brace)..<end])] {
                filled += value
                rest = rest[rest.index(after: end)...]
            } else {
                filled += "{"
                rest = rest.dropFirst()
            }
        }
        return filled + rest
    }

    /// The same for every piece of a text, tags included.
    static func fill(_ template: TokenText, _ values: [String: String]) -> TokenText {
        TokenText(
            template.pieces.map { piece in
                switch piece {
                case .text(let text): .text(fill(text, values))
                case .control(let tag): .control(fill(tag, values))
                case .tokens: piece
                }
            })
    }
}
