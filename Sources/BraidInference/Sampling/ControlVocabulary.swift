internal import Braid

/// The control tokens of a tokenizer, both ways.
struct ControlVocabulary: Sendable {
    /// Ids by tag.
    let ids: [String: TokenID]
    /// Tags by id.
    let tags: [TokenID: String]
    /// All control tokens, ascending.
    let all: [TokenID]
    /// One past the last id that means anything; a model's matrix may be padded beyond it.
    let end: Int

    init(_ tokenizer: Tokenizer) {
        var ids: [String: TokenID] = [:]
        for tag in tokenizer.controlTags { ids[tag] = tokenizer.id(ofControlToken: tag) }
        self.ids = ids
        tags = Dictionary(ids.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        all = ids.values.sorted()
        end = tokenizer.vocabularySize
    }

    /// The id of a tag.
    /// - Throws: ``EngineError/unknownControlTag(_:known:)``.
    func id(of tag: String) throws(EngineError) -> TokenID {
        guard let id = ids[tag] else { throw .unknownControlTag(tag, known: ids.keys.sorted()) }
        return id
    }
}
