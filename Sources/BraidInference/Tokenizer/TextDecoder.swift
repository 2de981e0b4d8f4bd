/// Turns tokens into text while they stream, and never hands out half a character.
///
/// A character may be spread over several tokens. Its bytes are held back until the last one arrives, so the pieces
/// that ``append(_:)`` and ``finish()`` return, put together, are exactly what ``Tokenizer/decode(_:)`` returns for all
/// tokens at once.
public struct TextDecoder: Sendable {
    private let tokenizer: Tokenizer
    /// The beginning of a character whose end has not arrived: at most 3 bytes.
    private var pending: [UInt8] = []

    /// Creates a decoder at the beginning of a text.
    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
    }

    /// Takes the next token and returns the text that is complete by now, which may be empty.
    ///
    /// - Complexity: O(length of the token).
    public mutating func append(_ id: Int32) -> String {
        pending.append(contentsOf: tokenizer.vocabulary.bytes(of: id))
        let end = Self.endOfCompleteText(pending)
        let text = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeSubrange(..<end)
        return text
    }

    /// Ends the text: returns U+FFFD if a character was left incomplete, else nothing.
    ///
    /// Afterwards the decoder is at the beginning of a new text.
    public mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
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
