/// Finds the answer in what a model wrote.
public struct AnswerExtractor: Sendable {
    private let dialect: Dialect

    /// Creates an extractor for a dialect.
    public init(_ dialect: Dialect) {
        self.dialect = dialect
    }

    /// The answer, without surrounding white space, or nil when there is none.
    /// - Parameters:
    ///   - tagged: what stands between the answer tags, or what the line handed back as a message.
    ///   - text: everything that the model wrote in the line.
    public func answer(tagged: String?, in text: String) -> String? {
        let found: String? =
            switch dialect.answer {
            case .tagged, .message: tagged
            case .boxed: boxedAfterThinking(text)
            }
        return found.map(Self.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The content of the last `\boxed{}` with balanced braces, or nil.
    public static func boxed(in text: some StringProtocol) -> String? {
        let marker = Array("\\boxed{".utf8)
        let bytes = Array(text.utf8)
        guard bytes.count >= marker.count else { return nil }
        for start in stride(from: bytes.count - marker.count, through: 0, by: -1)
        where bytes[start...].starts(with: marker) {
            var depth = 1
            for index in (start + marker.count)..<bytes.count {
                if bytes[index] == UInt8(ascii: "{") { depth += 1 }
                if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
                if depth == 0 { return String(decoding: bytes[(start + marker.count)..<index], as: UTF8.self) }
            }
        }
        return nil
    }

    /// The text without white space at either end.
    public static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
        while rest.last?.isWhitespace == true { rest = rest.dropLast() }
        return String(rest)
    }

    private func boxedAfterThinking(_ text: String) -> String? {
        guard let think = dialect.think else { return Self.boxed(in: text) }
        let parts = text.split(separator: think.close, omittingEmptySubsequences: false)
        if parts.count > 1, let last = parts.last { return Self.boxed(in: last) }
        return text.contains(think.open) ? nil : Self.boxed(in: text)
    }
}
