internal import Foundation

/// JSON as engines write and read it.
enum WireJSON {
    /// The bytes of a request's body: keys in order, nil fields left out.
    static func encode(_ body: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Only numbers that are not finite cannot be written, and requests are checked for those.
        guard let data = try? encoder.encode(body) else { return Array("{}".utf8) }
        return Array(data)
    }

    /// Reads an answer or an event; white space before it is no error.
    /// - Throws: ``GenerationFailure/Kind/malformed``.
    static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws(GenerationFailure) -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw GenerationFailure(.malformed, "cannot read '\(excerpt(bytes))'")
        }
    }

    /// The beginning of a text for a message, on one line.
    static func excerpt(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(300), as: UTF8.self)
        return String(text.map { $0.isNewline || ($0.asciiValue ?? 32) < 32 ? " " : $0 }.prefix(200))
    }
}
