/// What a GGUF file says of its tokenizer, in the form of `tokenizer.json`.
///
/// The kinds are llama.cpp's: `gpt2` is byte-level, with a named pattern; `llama` is SentencePiece's, where the scores
/// decide which two tokens merge.
struct GGUFVocabulary {
    let file: TokenizerFile
    /// The tokens themselves, by id.
    let tokens: [String]
    /// The token that begins a context, whether or not one is put there.
    let beginTokenID: Int?

    /// What a token is for, by its number in files.
    enum Kind: Int {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// A longer token cannot come out of merges.
    private static let longestMerged = 256

    /// Reads the metadata of the tokenizer.
    ///
    /// - Throws: ``ModelLoadingError``
    /// - Complexity: O(size of the vocabulary).
    init(_ gguf: GGUFFile) throws(ModelLoadingError) {
        let model = try gguf.string("tokenizer.ggml.model")
        guard let tokens = try gguf.strings("tokenizer.ggml.tokens"), !tokens.isEmpty else {
            throw .malformedFile(path: gguf.path, reason: "tokenizer.ggml.tokens is missing or empty")
        }
        self.tokens = tokens
        let types = try gguf.integers("tokenizer.ggml.token_type") ?? []
        guard types.isEmpty || types.count == tokens.count else {
            throw .malformedFile(
                path: gguf.path, reason: "\(tokens.count) tokens have \(types.count) types in tokenizer.ggml.token_type"
            )
        }
        // What is of no known type is text.
        let kinds = tokens.indices.map { types.isEmpty ? .normal : Kind(rawValue: types[$0]) ?? .normal }
        func id(_ key: String) throws(ModelLoadingError) -> Int? {
            guard let id = try gguf.integer("tokenizer.ggml.\(key)_token_id") else { return nil }
            guard tokens.indices.contains(id) else {
                throw .invalidValue(
                    path: gguf.path, field: "tokenizer.ggml.\(key)_token_id", value: "\(id)",
                    allowed: "0 to \(tokens.count - 1)")
            }
            return id
        }
        beginTokenID = try id("bos")
        let end = try id("eos")
        var added: [TokenizerFile.AddedToken] = []
        for (id, token) in tokens.enumerated() {
            // A token that begins or ends a context steers the model, whatever its type says.
            let isControl = kinds[id] == .control || kinds[id] == .unknown || id == end || id == beginTokenID
            guard isControl || kinds[id] == .userDefined else { continue }
            added.append(
                TokenizerFile.AddedToken(
                    id: id, content: token, isSpecial: isControl, stripsLeft: false, stripsRight: false,
                    isNormalized: false))
        }

        var addsBegin: Bool
        var file: TokenizerFile
        let isUsed = kinds.map { $0 != .unused }
        switch model {
        case "gpt2":
            let pattern = try gguf.string("tokenizer.ggml.pre") ?? "default"
            let (bytes, begins) = try Self.byteLevel(pattern, path: gguf.path)
            file = bytes
            addsBegin = begins
            var vocabulary: [String: Int] = [:]
            vocabulary.reserveCapacity(tokens.count)
            for (id, token) in tokens.enumerated() where isUsed[id] { vocabulary[token] = id }
            file.model.vocabulary = vocabulary
            guard let merges = try gguf.strings("tokenizer.ggml.merges") else {
                throw .malformedFile(path: gguf.path, reason: "tokenizer.ggml.merges is missing")
            }
            for merge in merges {
                // The first sign may be a space itself only where a token begins with one, which byte-level ones never do.
                let parts = merge.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
                guard parts.count == 2 else {
                    throw .malformedFile(
                        path: gguf.path, reason: "the merge \(merge.debugDescription) is no two tokens")
                }
                file.model.merges.append(TokenizerFile.Merge(left: Substring(parts[0]), right: Substring(parts[1])))
            }
        case "llama":
            addsBegin = true
            let scores = try gguf.floats("tokenizer.ggml.scores") ?? []
            guard scores.count == tokens.count else {
                throw .malformedFile(
                    path: gguf.path,
                    reason: "\(tokens.count) tokens have \(scores.count) scores in tokenizer.ggml.scores")
            }
            let hasPrefix = try gguf.bool("tokenizer.ggml.add_space_prefix") ?? true
            file = Self.sentencePiece(hasPrefix: hasPrefix)
            file.model.spellings = tokens.indices.filter { isUsed[$0] }.map { (tokens[$0], $0) }
            file.model.fallsBackToBytes = kinds.contains(.byte)
            file.model.unknownToken =
                try id("unknown").map { tokens[$0] } ?? kinds.firstIndex(of: .unknown).map { tokens[$0] }
            file.model.merges = Self.merges(tokens, scores) { kinds[$0] == .normal }
        default:
            throw .unsupported(
                path: gguf.path, feature: "tokenizer.ggml.model", value: model ?? "(none)", supported: "gpt2, llama")
        }
        file.addedTokens = added
        addsBegin = try gguf.bool("tokenizer.ggml.add_bos_token") ?? addsBegin
        if addsBegin, let beginTokenID {
            typealias Processor = TokenizerFile.PostProcessor
            file.postProcessor = Processor(
                type: "TemplateProcessing",
                single: [
                    Processor.Part(special: Processor.Part.Name(id: "begin")),
                    Processor.Part(sequence: Processor.Part.Name(id: "A")),
                ], specials: ["begin": Processor.Special(ids: [beginTokenID])])
        }
        self.file = file
    }

    // MARK: Byte-level

    /// The parts of a byte-level tokenizer whose pattern has this name, and whether contexts begin with a token unless
    /// the file says otherwise.
    private static func byteLevel(
        _ name: String, path: String
    ) throws(ModelLoadingError) -> (file: TokenizerFile, begins: Bool) {
        guard let known = GGUFPreTokenizer(name: name) else {
            throw .unsupported(
                path: path, feature: "tokenizer.ggml.pre", value: name, supported: GGUFPreTokenizer.names)
        }
        var steps = known.patterns.map {
            TokenizerFile.PreTokenizerStep(type: "Split", pattern: .regex($0), behavior: "Isolated", isInverted: false)
        }
        steps.append(
            TokenizerFile.PreTokenizerStep(type: "ByteLevel", addsPrefixSpace: false, usesPattern: false))
        let file = TokenizerFile(
            normalizer: known.isComposed ? TokenizerFile.Component(type: "NFC") : nil,
            preTokenizer: TokenizerFile.PreTokenizerStep(type: "Sequence", members: steps),
            decoder: TokenizerFile.Component(type: "ByteLevel"),
            model: TokenizerFile.Model(vocabulary: [:], merges: [], ignoresMerges: known.ignoresMerges))
        return (file, known.ignoresMerges)
    }

    // MARK: SentencePiece

    private static func sentencePiece(hasPrefix: Bool) -> TokenizerFile {
        typealias Component = TokenizerFile.Component
        let mark = "\u{2581}"
        let replace = Component(type: "Replace", pattern: .literal(" "), content: mark)
        var decoders = [
            Component(type: "Replace", pattern: .literal(mark), content: " "), Component(type: "ByteFallback"),
            Component(type: "Fuse"),
        ]
        if hasPrefix { decoders.append(Component(type: "Strip", content: " ", start: 1, stop: 0)) }
        let normalizers = hasPrefix ? [Component(type: "Prepend", prepended: mark), replace] : [replace]
        return TokenizerFile(
            normalizer: Component(type: "Sequence", members: normalizers),
            decoder: Component(type: "Sequence", members: decoders),
            model: TokenizerFile.Model(vocabulary: [:], merges: [], fusesUnknown: true))
    }

    /// Every way to make a token of two, ranked by the token's score: the best first, equal scores alike.
    private static func merges(
        _ tokens: [String], _ scores: [Double], isMerged: (Int) -> Bool
    ) -> [TokenizerFile.Merge] {
        var known = Set<[UInt8]>()
        for (id, token) in tokens.enumerated() where isMerged(id) { known.insert(Array(token.utf8)) }
        let order = tokens.indices.filter(isMerged).sorted { scores[$0] > scores[$1] }
        var merges: [TokenizerFile.Merge] = []
        var rank = -1
        var last: Double?
        for id in order {
            if last != scores[id] { rank += 1 }
            last = scores[id]
            let token = tokens[id]
            let scalars = token.unicodeScalars
            guard token.utf8.count <= longestMerged, scalars.count > 1 else { continue }
            for place in scalars.indices.dropFirst() {
                let left = token[..<place]
                let right = token[place...]
                guard known.contains(Array(left.utf8)), known.contains(Array(right.utf8)) else { continue }
                merges.append(TokenizerFile.Merge(left: left, right: right, rank: rank))
            }
        }
        return merges
    }
}
