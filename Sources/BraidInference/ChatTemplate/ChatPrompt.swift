/// What a chat template makes of a conversation: text in which the template's own words are told from its user's.
public struct ChatPrompt: Sendable, Hashable {
    /// A stretch of the prompt.
    public struct Piece: Sendable, Hashable {
        public let text: String
        /// Whether the template wrote it; control tokens are recognised in such pieces only.
        public let isTemplate: Bool
    }

    /// The stretches in order; together they are the whole prompt.
    public let pieces: [Piece]

    /// The whole prompt.
    public var text: String { pieces.map(\.text).joined() }

    init(_ text: TemplateText) {
        pieces = text.runs.map { Piece(text: $0.text, isTemplate: !$0.isUser) }
    }
}

extension Tokenizer {
    /// The tokens of a prompt: those of its whole text, with control tokens where the template wrote them, and never where
    /// a message says their text.
    ///
    /// - Complexity: O(n log n) in the length of the prompt.
    public func encode(_ prompt: ChatPrompt) -> [Int32] {
        encode(prompt.pieces.map { (text: $0.text, isTrusted: $0.isTemplate) })
    }
}
