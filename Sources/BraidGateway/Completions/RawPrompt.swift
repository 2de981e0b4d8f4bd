internal import Braid

/// The prompt of a raw completion as tokens.
///
/// Whoever sends a raw prompt writes the whole of what the model reads, so a control tag in its text is that token, as it
/// is on vLLM; on all routes that take messages a tag is just characters.
struct RawPrompt: Sendable, Hashable {
    /// The tokens.
    var tokens: [TokenID]
    /// Where it stands in the request.
    var path: String

    /// Tokenises a text.
    /// - Parameters:
    ///   - tags: the control tags that are tokens.
    ///   - addsBeginning: whether it begins with what the model expects there.
    static func tokens(
        of text: String, tokenizer: ServedTokenizer, tags: Set<String>, addsBeginning: Bool
    ) -> [TokenID] {
        var tokens = addsBeginning ? tokenizer.beginning : []
        // The longest first, so that no tag is taken for the beginning of another.
        let known = tags.compactMap { tag in tokenizer.id(tag).map { (bytes: Array(tag.utf8), id: $0) } }
            .sorted { $0.bytes.count > $1.bytes.count }
        let firstBytes = Set(known.compactMap(\.bytes.first))
        let bytes = Array(text.utf8)
        var start = 0
        var index = 0
        func addPlain(upTo end: Int) {
            if start < end { tokens += tokenizer.encode(String(decoding: bytes[start..<end], as: UTF8.self)) }
        }
        while index < bytes.count {
            guard firstBytes.contains(bytes[index]),
                let tag = known.first(where: { bytes[index...].starts(with: $0.bytes) })
            else {
                index += 1
                continue
            }
            addPlain(upTo: index)
            tokens.append(tag.id)
            index += tag.bytes.count
            start = index
        }
        addPlain(upTo: bytes.count)
        return tokens
    }

    /// The text of tokens, with their tags or without.
    static func text(of tokens: [TokenID], tokenizer: ServedTokenizer, skipsSpecialTokens: Bool) -> String {
        var text = ""
        for part in tokens.split(omittingEmptySubsequences: false, whereSeparator: { tokenizer.tag($0) != nil }) {
            if part.startIndex > 0, !skipsSpecialTokens { text += tokenizer.tag(tokens[part.startIndex - 1]) ?? "" }
            if !part.isEmpty { text += tokenizer.decode(Array(part)) }
        }
        return text
    }

    /// Refuses what the model cannot read.
    /// - Throws: ``OpenAIError`` 400.
    func check(vocabularySize: Int, contextLength: Int) throws(OpenAIError) {
        guard !tokens.isEmpty else { throw .unsupportedValue(path, "has no tokens", allowed: "at least one token") }
        guard tokens.count < contextLength else {
            throw .contextTooLong(tokens: tokens.count, limit: contextLength, param: path)
        }
        if let index = tokens.firstIndex(where: { !(0..<vocabularySize).contains(Int($0)) }) {
            throw .unsupportedValue(
                "\(path)[\(index)]", "is \(tokens[index])",
                allowed: "token ids of the model, from 0 to \(vocabularySize - 1)")
        }
    }
}
