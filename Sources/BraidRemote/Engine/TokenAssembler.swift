internal import Braid

/// Makes decoded tokens of what an engine streams: a pure value.
///
/// Ids are the truth where there are any. Their text comes from a decoder, or from the engine's own text, in which each
/// control token's tag is found again; the engine may hold text back, so text waits for the next token and tokens do not
/// wait for text.
struct TokenAssembler: Sendable {
    private let namesByID: [TokenID: String]
    private let decoder: RemoteVocabulary.Decoder?
    /// Text of the engine that has no token yet.
    private var waiting = ""

    /// Creates an assembler.
    /// - Parameters:
    ///   - tags: Control tags with their ids.
    ///   - decoder: Gives the text of tokens; without one it is the engine's.
    init(tags: [String: TokenID], decoder: RemoteVocabulary.Decoder?) {
        namesByID = Dictionary(tags.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        self.decoder = decoder
    }

    /// The tag of a token, if it is a control token.
    func tag(of id: TokenID) -> String? { namesByID[id] }

    /// The tokens of one chunk.
    mutating func tokens(_ ids: [TokenID], text: String) -> [DecodedToken] {
        if let decoder {
            return ids.map { id in
                if let tag = namesByID[id] { return DecodedToken(id: id, text: "", control: tag) }
                return DecodedToken(id: id, text: decoder(id))
            }
        }
        waiting += text
        return ids.indices.map { index in
            if let tag = namesByID[ids[index]] {
                // The tag itself may or may not be part of the text.
                if waiting.hasPrefix(tag) { waiting.removeFirst(tag.count) }
                return DecodedToken(id: ids[index], text: "", control: tag)
            }
            return DecodedToken(id: ids[index], text: takeText(before: ids[(index + 1)...]))
        }
    }

    /// The waiting text up to the tag of the next control token among these, or all of it.
    private mutating func takeText(before rest: ArraySlice<TokenID>) -> String {
        guard let next = rest.first(where: { namesByID[$0] != nil }), let tag = namesByID[next],
            let range = waiting.firstRange(of: tag)
        else {
            defer { waiting = "" }
            return waiting
        }
        let text = String(waiting[..<range.lowerBound])
        waiting.removeSubrange(..<range.lowerBound)
        return text
    }
}
