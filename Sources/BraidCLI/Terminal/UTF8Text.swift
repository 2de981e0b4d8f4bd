import Foundation

/// Bytes that must be text.
enum UTF8Text {
    /// The text.
    /// - Throws: ``InputError/notUTF8(source:offset:)`` with the first byte that is not part of it.
    static func decode(_ data: Data, from source: String) throws(InputError) -> String {
        if let text = String(validating: data, as: UTF8.self) { return text }
        var parser = Unicode.UTF8.ForwardParser()
        var bytes = data.makeIterator()
        var offset = 0
        while case .valid(let scalar) = parser.parseScalar(from: &bytes) { offset += scalar.count }
        throw .notUTF8(source: source, offset: offset)
    }
}
