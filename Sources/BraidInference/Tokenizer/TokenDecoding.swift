/// How tokens are put together to text.
enum TokenDecoding: Sendable, Hashable {
    /// The tokens' bytes, end to end.
    case bytes
    /// The tokens' characters, end to end; a row of byte tokens that is no UTF-8 becomes a U+FFFD for each byte. So many
    /// spaces are taken away at the start.
    case characters(leadingSpaces: Int)
    /// The tokens' characters, end to end; the first token loses its spaces.
    case metaspace(stripsFirst: Bool)

    /// Reads what `tokenizer.json` describes.
    ///
    /// - Throws: ``ModelLoadingError/unsupported(path:feature:value:supported:)``
    init(_ decoders: [TokenizerFile.Component], isByteLevel: Bool, path: String) throws(ModelLoadingError) {
        let types = decoders.map(\.type)
        let described = types.isEmpty ? "null" : types.joined(separator: ", ")
        if isByteLevel {
            guard types == ["ByteLevel"] else {
                throw .unsupported(path: path, feature: "decoder", value: described, supported: "ByteLevel")
            }
            self = .bytes
            return
        }
        if types == ["Metaspace"] {
            let scheme = decoders[0].prefixScheme ?? (decoders[0].addsPrefixSpace ?? true ? "always" : "never")
            self = .metaspace(stripsFirst: scheme != "never")
            return
        }
        let supported = "Metaspace, or Replace, ByteFallback, Fuse and, if need be, Strip of spaces at the start"
        guard types == ["Replace", "ByteFallback", "Fuse"] || types == ["Replace", "ByteFallback", "Fuse", "Strip"]
        else {
            throw .unsupported(path: path, feature: "decoder", value: described, supported: supported)
        }
        var spaces = 0
        if let strip = decoders.dropFirst(3).first {
            guard strip.content == " ", let start = strip.start, strip.stop ?? 0 == 0, (0...1000).contains(start) else {
                throw .unsupported(
                    path: path, feature: "decoder Strip of",
                    value:
                        "\((strip.content ?? "").debugDescription), start \(strip.start ?? 0), stop \(strip.stop ?? 0)",
                    supported: "\" \" with stop 0")
            }
            spaces = start
        }
        self = .characters(leadingSpaces: spaces)
    }

    /// The byte that a token's spelling such as `<0x0A>` stands for.
    static func byte(spelledBy token: String) -> UInt8? {
        let bytes = Array(token.utf8)
        guard bytes.count == 6, token.hasPrefix("<0x"), bytes[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: bytes[3..<5], as: UTF8.self), radix: 16)
    }
}
