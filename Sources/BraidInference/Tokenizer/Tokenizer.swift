public import Foundation

/// Turns text into the tokens of a model and back: byte-level byte-pair encoding, exactly as Hugging Face `tokenizers`.
///
/// ```swift
/// let tokenizer = try Tokenizer(contentsOf: folder)
/// let ids = tokenizer.encode("12 + 34 = <Parallel>")      // the tag is eight letters and two signs
/// let fork = tokenizer.id(ofControlToken: "<Parallel>")   // the token
/// ```
///
/// Nothing is put before or after the text: a post-processor's template is not applied.
public struct Tokenizer: Sendable {
    /// The token that begins a context, if `tokenizer_config.json` names one.
    public let bosTokenID: Int32?
    /// A hash of the vocabulary and the merges, the same on every machine: two tokenizers with the same fingerprint
    /// give the same ids. 16 hexadecimal digits.
    public let fingerprint: String

    let vocabulary: Vocabulary
    private let encoder: BytePairEncoder
    private let preTokenizer: PreTokenizer
    private let normalizer: Normalizer
    /// Whether a piece that is a token is that token, whatever the merges say.
    private let ignoresMerges: Bool
    private let controlTokens: [String: Int32]
    private let controlTokenIDs: Set<Int32>
    private let plainMatchers: Matchers
    private let controlMatchers: Matchers

    /// The added tokens to look for: some in the text as it came, the others after normalisation.
    private struct Matchers: Sendable {
        let raw: AddedTokenMatcher
        let normalized: AddedTokenMatcher

        init(_ tokens: [AddedToken], normalizer: Normalizer) {
            raw = AddedTokenMatcher(tokens.filter { !$0.isNormalized })
            normalized = AddedTokenMatcher(tokens.filter(\.isNormalized)) { normalizer.normalize($0.content) }
        }
    }

    /// Reads `tokenizer.json`, and `tokenizer_config.json` if there is one, from a model's folder.
    ///
    /// - Throws: ``ModelLoadingError``: the file is missing or damaged, or needs something that is not supported.
    /// - Complexity: O(size of the files); about a second for 128,000 tokens.
    public init(contentsOf folder: URL) throws(ModelLoadingError) {
        let url = folder.appendingPathComponent("tokenizer.json")
        let file = try MappedFile(
            url, maximumByteCount: 512 << 20,
            advice: "export the tokenizer with Hugging Face tokenizers; tokenizer.model and vocab.json are not read")
        let content: TokenizerFile
        do {
            content = try withExtendedLifetime(file) {
                try JSONDecoder().decode(TokenizerFile.self, from: Data(file.bytes))
            }
        } catch let error as TokenizerFile.UnsupportedModel {
            throw .unsupported(path: file.path, feature: "model type", value: error.type, supported: "BPE")
        } catch {
            throw .malformedJSON(error, path: file.path)
        }
        try self.init(content, path: file.path, beginToken: try TokenizerConfigurationFile.beginToken(in: folder))
    }

    /// Checks what the file says and lays it out for encoding.
    init(_ file: TokenizerFile, path: String, beginToken: String? = nil) throws(ModelLoadingError) {
        try Self.refuseUnsupported(file, path: path)
        normalizer = (file.normalizer?.flattened ?? []).isEmpty ? .none : .canonicalComposition
        ignoresMerges = file.model.ignoresMerges ?? false
        preTokenizer = try PreTokenizer(file.preTokenizer?.flattened ?? [], path: path)

        let added = try Self.addedTokens(of: file, path: path)
        let control = added.filter(\.isControl)
        let controlTokenIDs = Set(control.map(\.id))
        self.controlTokenIDs = controlTokenIDs
        controlTokens = Dictionary(control.map { ($0.content, $0.id) }, uniquingKeysWith: { first, _ in first })
        plainMatchers = Matchers(added.filter { !$0.isControl }, normalizer: normalizer)
        controlMatchers = Matchers(added, normalizer: normalizer)

        let vocabulary = try Self.vocabulary(of: file, added: added, path: path)
        self.vocabulary = vocabulary
        let byteTokens = try Self.byteTokens(of: vocabulary, path: path)
        let merges = try Self.merges(of: file, vocabulary: vocabulary, excluding: controlTokenIDs, path: path)
        encoder = BytePairEncoder(byteTokens: byteTokens, merges: merges)

        var hash = StableHash()
        vocabulary.hash(into: &hash)
        merges.hash(into: &hash)
        fingerprint = hash.hexadecimal
        bosTokenID = beginToken.flatMap { token in
            added.first { $0.content == token }?.id ?? file.model.vocabulary[token].flatMap(Int32.init(exactly:))
        }
    }

    /// One past the largest token id.
    public var vocabularySize: Int { vocabulary.size }

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
        let matchers = allowingControlTokens ? controlMatchers : plainMatchers
        var tokens: [Int32] = []
        Self.split(text, by: matchers.raw, into: &tokens) { text, tokens in
            let text = normalizer.normalize(text)
            Self.split(text, by: matchers.normalized, into: &tokens) { text, tokens in
                encodePlain(text, into: &tokens)
            }
        }
        return tokens
    }

    /// Appends the tokens that `matcher` finds, and has `encode` append those of the text between them.
    private static func split(
        _ text: String, by matcher: AddedTokenMatcher, into tokens: inout [Int32],
        encode: (String, inout [Int32]) -> Void
    ) {
        guard !matcher.isEmpty else { return encode(text, &tokens) }
        let bytes = Array(text.utf8)
        let matches = matcher.matches(in: bytes)
        guard !matches.isEmpty else { return encode(text, &tokens) }
        var start = 0
        for match in matches {
            if start < match.range.lowerBound {
                encode(String(decoding: bytes[start..<match.range.lowerBound], as: UTF8.self), &tokens)
            }
            tokens.append(match.id)
            start = match.range.upperBound
        }
        if start < bytes.count { encode(String(decoding: bytes[start...], as: UTF8.self), &tokens) }
    }

    private func encodePlain(_ text: String, into tokens: inout [Int32]) {
        preTokenizer.forEachPiece(of: text) { piece in
            if ignoresMerges, let id = vocabulary.id(of: UnsafeRawBufferPointer(piece)), !controlTokenIDs.contains(id) {
                tokens.append(id)
            } else {
                encoder.encode(piece, into: &tokens)
            }
        }
    }

    // MARK: Decoding

    /// The text of tokens, control tokens included; bytes that are no UTF-8 become U+FFFD.
    ///
    /// - Complexity: O(length of the text).
    public func decode(_ ids: some Sequence<Int32>) -> String {
        var bytes: [UInt8] = []
        for id in ids { bytes.append(contentsOf: vocabulary.bytes(of: id)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
