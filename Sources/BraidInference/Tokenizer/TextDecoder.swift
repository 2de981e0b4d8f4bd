/// Turns tokens into text while they stream, and never hands out half a character.
///
/// A character may be spread over several tokens. Its bytes are held back until the last one arrives, so the pieces
/// that ``append(_:)`` and ``finish()`` return, put together, are exactly what ``Tokenizer/decode(_:)`` returns for all
/// tokens at once. In a vocabulary of characters, a row of byte tokens is held back until it ends: whether it is text at
/// all depends on all of it.
public struct TextDecoder: Sendable {
    private let tokenizer: Tokenizer
    /// The beginning of a character whose end has not arrived, at most 3 bytes; or a row of byte tokens.
    private var pending: [UInt8] = []
    /// Spaces to take away before anything else comes.
    private var leadingSpaces: Int
    /// Whether no token has come yet.
    private var isFirst: Bool

    /// Creates a decoder.
    ///
    /// - Parameter isStart: Whether the text begins here. Else it goes on where another ended, and the space before its
    ///   first word stays, which ``Tokenizer/decode(_:)`` takes away in vocabularies that put one before every text.
    public init(_ tokenizer: Tokenizer, isStart: Bool = false) {
        self.tokenizer = tokenizer
        if isStart, case .characters(let spaces) = tokenizer.decoding {
            leadingSpaces = spaces
        } else {
            leadingSpaces = 0
        }
        isFirst = isStart
    }

    /// Takes the next token and returns the text that is complete by now, which may be empty.
    ///
    /// - Complexity: O(length of the token).
    public mutating func append(_ id: Int32) -> String {
        var bytes = tokenizer.vocabulary.bytes(of: id)
        guard tokenizer.decoding == .bytes else {
            guard !bytes.isEmpty else { return "" }
            if tokenizer.byteTokenIDs.contains(id) {
                pending.append(contentsOf: bytes)
                return ""
            }
            let row = endOfRow()
            if isFirst, tokenizer.decoding == .metaspace(stripsFirst: true) { bytes.removeAll { $0 == 0x20 } }
            isFirst = false
            return row + stripped(String(decoding: bytes, as: UTF8.self))
        }
        pending.append(contentsOf: bytes)
        let end = Self.endOfCompleteText(pending)
        let text = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeSubrange(..<end)
        return text
    }

    /// Ends the text: returns U+FFFD if a character was left incomplete, else what was held back.
    ///
    /// Afterwards the decoder goes on as one that was created without `isStart`.
    public mutating func finish() -> String {
        guard tokenizer.decoding == .bytes else {
            let row = endOfRow()
            leadingSpaces = 0
            isFirst = false
            return row
        }
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }

    /// The text of the row of byte tokens that was held back.
    private mutating func endOfRow() -> String {
        guard !pending.isEmpty else { return "" }
        defer { pending.removeAll() }
        isFirst = false
        return stripped(
            String(validating: pending, as: UTF8.self) ?? String(repeating: "\u{FFFD}", count: pending.count))
    }

    private mutating func stripped(_ text: String) -> String {
        guard leadingSpaces > 0, !text.isEmpty else { return text }
        let spaces = text.utf8.prefix(leadingSpaces).prefix { $0 == 0x20 }.count
        leadingSpaces = spaces == text.utf8.count ? leadingSpaces - spaces : 0
        return spaces == 0 ? text : String(decoding: text.utf8.dropFirst(spaces), as: UTF8.self)
    }

    /// Where a character begins that the bytes after it could still complete, or the end of the bytes.
    private static func endOfCompleteText(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let start = bytes.count - length
            let lead = bytes[start]
            if lead & 0xC0 == 0x80 { continue }
            let needed = lead < 0xC2 || lead > 0xF4 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
            guard length < needed else { return bytes.count }
            if length > 1 {
                // Some second bytes can never be right: overlong forms, surrogates, beyond U+10FFFF.
                let allowed: ClosedRange<UInt8> =
                    switch lead {
                    case 0xE0: 0xA0...0xBF
                    case 0xED: 0x80...0x9F
                    case 0xF0: 0x90...0xBF
                    case 0xF4: 0x80...0x8F
                    default: 0x80...0xBF
                    }
                guard allowed.contains(bytes[start + 1]) else { return bytes.count }
            }
            return start
        }
        return bytes.count
    }
}
