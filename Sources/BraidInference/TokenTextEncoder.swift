internal import Braid

/// Turns ``TokenText`` into tokens. Plain text never becomes a control token, whatever it says.
struct TokenTextEncoder: Sendable {
    private let tokenizer: Tokenizer
    private let vocabulary: ControlVocabulary
    private let vocabularySize: Int

    init(tokenizer: Tokenizer, vocabularySize: Int) {
        self.tokenizer = tokenizer
        self.vocabularySize = vocabularySize
        vocabulary = ControlVocabulary(tokenizer)
    }

    /// The token that a tag or a text is, if it is exactly one.
    func token(of text: String) -> TokenID? {
        if let id = vocabulary.ids[text] { return id }
        let tokens = tokenizer.encode(text)
        return tokens.count == 1 ? tokens[0] : nil
    }

    /// The tokens of a text; each piece is tokenised by itself.
    /// - Throws: ``EngineError/unknownControlTag(_:known:)``, ``EngineError/invalidOption(name:value:allowed:)`` for a
    ///   token id that the model does not have.
    func encode(_ text: TokenText) throws(EngineError) -> [TokenID] {
        var tokens: [TokenID] = []
        for piece in text.pieces {
            switch piece {
            case .text(let plain): tokens += tokenizer.encode(plain)
            case .control(let tag): tokens.append(try vocabulary.id(of: tag))
            case .tokens(let ids):
                for id in ids where !(0..<vocabularySize).contains(Int(id)) {
                    throw .invalidOption(name: "token id", value: "\(id)", allowed: "0 to \(vocabularySize - 1)")
                }
                tokens += ids
            }
        }
        return tokens
    }
}
