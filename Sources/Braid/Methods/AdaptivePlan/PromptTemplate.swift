/// Text with places to be filled in, such as `{question}`.
public struct PromptTemplate: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    /// The text, places included.
    public var text: String

    /// Creates a template.
    public init(_ text: String) {
        self.text = text
    }

    /// Creates a template from a literal.
    public init(stringLiteral value: String) {
        text = value
    }

    /// Reads a plain JSON string.
    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    /// Writes a plain JSON string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// The text with every place filled, in one pass: what is filled in is never searched for places itself, and braces
    /// that name no place stay.
    public func filled(_ values: [String: String]) -> String {
        var filled = ""
        var rest = text[...]
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
}
