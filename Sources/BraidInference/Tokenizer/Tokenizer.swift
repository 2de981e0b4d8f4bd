public import Foundation

/// Turns text into the tokens of a model and back: byte-pair encoding, byte-level or SentencePiece's, exactly as Hugging
/// Face `tokenizers`.
///
/// ```swift
/// let tokenizer = try Tokenizer(contentsOf: folder)
/// let ids = tokenizer.encode("12 + 34 = <Parallel>")      // the tag is eight letters and two signs
/// let fork = tokenizer.id(ofControlToken: "<Parallel>")   // the token
/// ```
///
/// Encoding puts nothing before or after the text; what a model expects there is in ``beginTokenIDs``.
public struct Tokenizer: Sendable {
    /// The tokens that the model expects at the beginning of a context, by the template of the post-processor.
    public let beginTokenIDs: [Int32]
    /// The token that begins a context, if `tokenizer_config.json` names one.
    public let bosTokenID: Int32?
    /// A hash of the vocabulary and the merges, the same on every machine: two tokenizers with the same fingerprint
    /// give the same ids. 16 hexadecimal digits.
    public let fingerprint: String

    let vocabulary: Vocabulary
    /// How tokens are put together to text.
    let decoding: TokenDecoding
    /// The tokens that stand for one byte each, in a vocabulary of characters.
    let byteTokenIDs: Set<Int32>
    private let encoder: Encoder
    private let preTokenizer: PreTokenizer
    private let normalizer: Normalizer
    /// Whether a piece that is a token is that token, whatever the merges say.
    private let ignoresMerges: Bool
    private let controlTokens: [String: Int32]
    private let controlTokenIDs: Set<Int32>
    private let plainMatchers: Matchers
    private let controlMatchers: Matchers

    /// What turns a piece into tokens.
    private enum Encoder: Sendable {
        case bytes(BytePairEncoder)
        case characters(SentencePieceEncoder)
    }

    /// The added tokens to look for: some in the text as it came, the others after normalisation.
    private struct Matchers: Sendable {
        let raw: AddedTokenMatcher
        let normalized: AddedTokenMatcher

        init(_ tokens: [AddedToken], normalizer: Normalizer) {
            raw = AddedTokenMatcher(tokens.filter { !$0.isNormalized })
            normalized = AddedTokenMatcher(tokens.filter(\.isNormalized)) { Array($0.spelling(normalizer).utf8) }
        }
    }

    /// Reads `tokenizer.json`, and `tokenizer_config.json` if there is one, from a model's folder.
    ///
    /// - Throws: ``ModelLoadingError``: the file is missing or damaged, or needs something that is not supported.
    /// - Complexity: O(size of the files); about a second for 128,000 tokens.
    public init(contentsOf folder: URL) throws(ModelLoadingError) {
        let (file, path, _) = try TokenizerFile.read(in: folder)
        try self.init(
            file, path: path, beginToken: try TokenizerConfigurationFile.read(in: folder).beginToken?.content)
    }

    /// Checks what the file says and lays it out for encoding.
    init(_ file: TokenizerFile, path: String, beginToken: String? = nil) throws(ModelLoadingError) {
        preTokenizer = try PreTokenizer(file.preTokenizer?.flattened ?? [], path: path)
        // A decoder for bytes without a pre-tokenizer that makes them, or the other way round, is refused below.
        let isByteLevel = preTokenizer.isByteLevel || file.isByteLevel
        guard preTokenizer.isByteLevel == isByteLevel else {
            throw .unsupported(
                path: path, feature: "pre_tokenizer before a decoder of type ByteLevel",
                value: file.preTokenizer?.type ?? "null", supported: "ByteLevel, alone or last in a Sequence")
        }
        try Self.refuseUnsupported(file, isByteLevel: isByteLevel, path: path)
        let normalizer = try Normalizer(file.normalizer?.flattened ?? [], path: path)
        self.normalizer = normalizer
        decoding = try TokenDecoding(file.decoder?.flattened ?? [], isByteLevel: isByteLevel, path: path)
        ignoresMerges = file.model.ignoresMerges ?? false

        let added = try Self.addedTokens(of: file, isByteLevel: isByteLevel, path: path)
        let control = added.filter(\.isControl)
        let controlTokenIDs = Set(control.map(\.id))
        self.controlTokenIDs = controlTokenIDs
        controlTokens = Dictionary(control.map { ($0.content, $0.id) }, uniquingKeysWith: { first, _ in first })
        plainMatchers = Matchers(added.filter { !$0.isControl }, normalizer: normalizer)
        controlMatchers = Matchers(added, normalizer: normalizer)

        var hash = StableHash()
        if isByteLevel {
            let vocabulary = try Self.vocabulary(of: file, added: added, normalizer: normalizer, path: path)
            self.vocabulary = vocabulary
            let byteTokens = try Self.byteTokens(of: vocabulary, path: path)
            let merges = try Self.merges(of: file, vocabulary: vocabulary, excluding: controlTokenIDs, path: path)
            encoder = .bytes(BytePairEncoder(byteTokens: byteTokens, merging: MergeEncoder(merges: merges)))
            byteTokenIDs = []
            vocabulary.hash(into: &hash)
            merges.hash(into: &hash)
        } else {
            let parts = try SentencePieceParts(
                file, added: added, normalizer: normalizer, excluding: controlTokenIDs, decoding: decoding, path: path)
            vocabulary = parts.vocabulary
            encoder = .characters(parts.encoder)
            byteTokenIDs = parts.byteTokenIDs
            parts.vocabulary.hash(into: &hash)
            parts.encoder.merging.merges.hash(into: &hash)
        }
        fingerprint = hash.hexadecimal
        beginTokenIDs = try Self.beginTokenIDs(of: file, vocabulary: vocabulary, path: path)
        bosTokenID = beginToken.flatMap { token in
            added.first { $0.content == token }?.id ?? file.model.vocabulary[token].flatMap(Int32.init(exactly:))
        }
    }

    /// One past the largest token id.
    public var vocabularySize: Int { vocabulary.size }

    /// Bytes of the longest token.
    /// - Complexity: O(number of tokens).
    public var longestToken: Int { vocabulary.longest }

    /// The tags that are control tokens, in order of their ids.
    public var controlTags: [String] {
        controlTokens.sorted { $0.value < $1.value }.map(\.key)
    }

    /// The id of a control token, given its text, such as `<Parallel>`.
    public func id(ofControlToken tag: String) -> Int32? { controlTokens[tag] }

    /// Whether a token is a control token.
    public func isControlToken(_ id: Int32) -> Bool { controlTokenIDs.contains(id) }

    /// The bytes that a token stands for; none for an id that is not a token.
    public func bytes(of id: Int32) -> [UInt8] { Array(vocabulary.bytes(of: id)) }

    // MARK: Encoding

    /// The tokens of plain text; never a control token, whatever the text says.
    ///
    /// - Complexity: O(n log n) in the length of the text, for any text.
    public func encode(_ text: String) -> [Int32] {
        encode(text, allowingControlTokens: false)
    }

    /// The tokens of text in which, if allowed, control tokens are recognised where their text stands.
    ///
    /// - Important: Allow control tokens only in text that you wrote yourself, such as a template.
    /// - Complexity: O(n log n) in the length of the text, for any text.
    public func encode(_ text: String, allowingControlTokens: Bool) -> [Int32] {
        encode(MarkedText(Array(text.utf8)), with: allowingControlTokens ? controlMatchers : plainMatchers)
    }

    /// The tokens of text that is put together of several pieces, exactly as those of the whole text, but for control
    /// tokens, which are recognised only where their text lies in trusted pieces.
    ///
    /// - Parameter pieces: Texts, and whether each of them may hold control tokens.
    /// - Complexity: O(n log n) in the length of the text, for any text.
    public func encode(_ pieces: some Sequence<(text: String, isTrusted: Bool)>) -> [Int32] {
        var text = MarkedText()
        for piece in pieces { text.append(piece.text.utf8, isTrusted: piece.isTrusted) }
        return encode(text, with: controlMatchers)
    }

    private func encode(_ text: MarkedText, with matchers: Matchers) -> [Int32] {
        var tokens: [Int32] = []
        Self.split(text, by: matchers.raw, into: &tokens) { part, isStart, tokens in
            let part = normalizer.normalize(part)
            Self.split(part, by: matchers.normalized, into: &tokens) { part, isPartStart, tokens in
                encodePlain(part.bytes, isStart: isStart && isPartStart, into: &tokens)
            }
        }
        return tokens
    }

    /// Appends the tokens that `matcher` finds, and has `encode` append those of the text between them.
    private static func split(
        _ text: MarkedText, by matcher: AddedTokenMatcher, into tokens: inout [Int32],
        encode: (MarkedText, _ isStart: Bool, inout [Int32]) -> Void
    ) {
        var start = 0
        for match in matcher.matches(in: text) {
            if start < match.range.lowerBound { encode(text[start..<match.range.lowerBound], start == 0, &tokens) }
            tokens.append(match.id)
            start = match.range.upperBound
        }
        if start < text.bytes.count { encode(text[start..<text.bytes.count], start == 0, &tokens) }
    }

    private func encodePlain(_ text: [UInt8], isStart: Bool, into tokens: inout [Int32]) {
        text.withUnsafeBufferPointer { text in
            preTokenizer.forEachPiece(of: text, isStart: isStart) { piece in
                switch encoder {
                case .bytes(let encoder):
                    if ignoresMerges, let id = vocabulary.id(of: UnsafeRawBufferPointer(piece)),
                        !controlTokenIDs.contains(id)
                    {
                        tokens.append(id)
                    } else {
                        encoder.encode(piece, into: &tokens)
                    }
                case .characters(let encoder): encoder.encode(piece, into: &tokens)
                }
            }
        }
    }

    // MARK: Decoding

    /// The text of tokens, control tokens included; bytes that are no UTF-8 become U+FFFD.
    ///
    /// In a vocabulary that puts a space before every text, the space is taken away again; ``TextDecoder`` decodes text
    /// that goes on where another ended.
    ///
    /// - Complexity: O(length of the text).
    public func decode(_ ids: some Sequence<Int32>) -> String {
        guard decoding == .bytes else {
            var decoder = TextDecoder(self, isStart: true)
            var text = ""
            for id in ids { text += decoder.append(id) }
            return text + decoder.finish()
        }
        var bytes: [UInt8] = []
        for id in ids { bytes.append(contentsOf: vocabulary.bytes(of: id)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
