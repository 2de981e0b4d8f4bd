internal import Foundation

/// A folder's tokenizer in the terms of GGUF's metadata.
struct GGUFTokenizerMetadata {
    /// The metadata, in order.
    private(set) var pairs: [(key: String, value: GGUFValue)] = []
    /// Where the ids of a program that knows only llama.cpp's fields differ; nil if nowhere.
    let difference: String?

    /// Reads the tokenizer of a folder.
    ///
    /// - Throws: ``ModelLoadingError``: it is missing, damaged, of an unsupported kind, or has no counterpart in GGUF.
    /// - Complexity: O(size of the vocabulary).
    init(folder: URL, configuration: ModelConfiguration) throws(ModelLoadingError) {
        let (file, path, json) = try TokenizerFile.read(in: folder)
        let special = try TokenizerConfigurationFile.read(in: folder)
        let tokenizer = try Tokenizer(file, path: path, beginToken: special.beginToken?.content)
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw .invalidValue(
                path: path, field: "number of tokens of the tokenizer", value: "\(tokenizer.vocabularySize)",
                allowed: "at most the rows of the model's embedding, \(configuration.vocabularySize)")
        }
        var table = Table(file, size: configuration.vocabularySize)
        if file.isByteLevel {
            guard let cut = GGUFPreTokenizer(file) else {
                throw .unsupported(
                    path: path, feature: "for conversion, the pre_tokenizer",
                    value: file.preTokenizer?.type ?? "null",
                    supported: "those that GGUF has a name for: "
                        + GGUFPreTokenizer.names)
            }
            pairs = [
                ("tokenizer.ggml.model", .text("gpt2")), ("tokenizer.ggml.pre", .text(cut.name)),
                ("tokenizer.ggml.tokens", .texts(table.tokens)), ("tokenizer.ggml.token_type", .integers(table.types)),
                ("tokenizer.ggml.merges", .texts(file.model.merges.map { "\($0.left) \($0.right)" })),
            ]
            difference = cut.difference ?? Self.difference(of: file.addedTokens ?? [])
        } else {
            table.markBytes(file)
            let prefix = file.normalizer?.flattened.contains { $0.type == "Prepend" } ?? false
            let step = file.preTokenizer?.flattened.first { $0.type == "Metaspace" }
            let steps = step.map { ($0.prefixScheme ?? ($0.addsPrefixSpace ?? true ? "always" : "never")) != "never" }
            pairs = [
                ("tokenizer.ggml.model", .text("llama")), ("tokenizer.ggml.pre", .text("default")),
                ("tokenizer.ggml.tokens", .texts(table.tokens)), ("tokenizer.ggml.scores", .floats(table.scores(file))),
                ("tokenizer.ggml.token_type", .integers(table.types)),
                ("tokenizer.ggml.add_space_prefix", .bool(prefix || steps == true)),
            ]
            difference = "text where two merges make the same token"
        }
        func id(_ token: String?) -> Int32? {
            token.flatMap { token in table.tokens.firstIndex { $0.utf8.elementsEqual(token.utf8) } }
                .flatMap(Int32.init(exactly:))
        }
        let begin = tokenizer.beginTokenIDs.first ?? tokenizer.bosTokenID ?? configuration.beginTokenID
        try addIDs(
            begin: begin, ends: Self.ends(configuration.endTokenIDs, first: id(special.endToken?.content)),
            unknown: id(special.unknownToken?.content ?? file.model.unknownToken),
            padding: id(special.paddingToken?.content), path: path)
        pairs.append(("tokenizer.ggml.add_bos_token", .bool(!tokenizer.beginTokenIDs.isEmpty)))
        guard difference != nil || tokenizer.beginTokenIDs.count > 1 else { return }
        guard json.bytes.count <= GGUFFile.maximumStringByteCount,
            let text = withExtendedLifetime(json, { String(validating: json.bytes, as: UTF8.self) })
        else {
            throw .invalidValue(
                path: path, field: "size for conversion", value: "\(json.bytes.count) bytes",
                allowed: "at most \(GGUFFile.maximumStringByteCount), the longest string in a GGUF file")
        }
        pairs.append(("tokenizer.huggingface.json", .text(text)))
    }

    private mutating func addIDs(
        begin: Int32?, ends: [Int32], unknown: Int32?, padding: Int32?, path: String
    ) throws(ModelLoadingError) {
        let keys = ["eos", "eot", "eom"]
        guard ends.count <= keys.count else {
            throw .unsupported(
                path: path, feature: "for conversion, tokens that end an answer:", value: "\(ends.count)",
                supported: "at most 3, which is what GGUF has keys for")
        }
        let ids = [("bos", begin)] + zip(keys, ends.map(Optional.some)) + [("unknown", unknown), ("padding", padding)]
        for case (let key, let id?) in ids {
            pairs.append(("tokenizer.ggml.\(key)_token_id", .integer(UInt32(bitPattern: id))))
        }
    }

    /// The ends with the tokenizer's own before the others.
    private static func ends(_ ends: [Int32], first: Int32?) -> [Int32] {
        guard let first, ends.contains(first) else { return ends }
        return [first] + ends.filter { $0 != first }
    }

    private static func difference(of added: [TokenizerFile.AddedToken]) -> String? {
        let isPlain = added.allSatisfy {
            $0.stripsLeft != true && $0.stripsRight != true && !($0.isNormalized ?? ($0.isSpecial != true))
        }
        return isPlain ? nil : "text beside added tokens that take spaces away or are looked for after normalisation"
    }

    /// Text and type of every row of the embedding.
    private struct Table {
        var tokens: [String]
        var types: [Int32]

        init(_ file: TokenizerFile, size: Int) {
            tokens = (0..<size).map { "[PAD\($0)]" }
            types = [Int32](repeating: Int32(GGUFVocabulary.Kind.unused.rawValue), count: size)
            let spelled = file.isByteLevel ? file.model.vocabulary.map { ($0.key, $0.value) } : file.model.spellings
            for (text, id) in spelled { set(id, text, .normal) }
            for token in file.addedTokens ?? [] {
                set(token.id, token.content, token.isSpecial == true ? .control : .userDefined)
            }
        }

        private mutating func set(_ id: Int, _ text: String, _ kind: GGUFVocabulary.Kind) {
            guard tokens.indices.contains(id) else { return }
            tokens[id] = text
            types[id] = Int32(kind.rawValue)
        }

        /// Marks the tokens of single bytes and the unknown one.
        mutating func markBytes(_ file: TokenizerFile) {
            for (text, id) in file.model.spellings where tokens.indices.contains(id) {
                if file.model.unknownToken.map({ $0.utf8.elementsEqual(text.utf8) }) == true {
                    set(id, text, .unknown)
                } else if file.model.fallsBackToBytes == true, TokenDecoding.byte(spelledBy: text) != nil {
                    set(id, text, .byte)
                }
            }
        }

        /// Scores that put the tokens into the order of the merges that make them.
        func scores(_ file: TokenizerFile) -> [Float] {
            var ids: [[UInt8]: Int] = [:]
            for (text, id) in file.model.spellings { ids[Array(text.utf8)] = id }
            var scores = [Float](repeating: 0, count: tokens.count)
            var next: Float = 0
            for merge in file.model.merges {
                guard let id = ids[Array(merge.left.utf8) + Array(merge.right.utf8)], scores.indices.contains(id),
                    scores[id] == 0
                else { continue }
                next -= 1
                scores[id] = next
            }
            // What no merge makes comes last.
            for id in tokens.indices
            where types[id] == Int32(GGUFVocabulary.Kind.normal.rawValue) && scores[id] == 0 {
                next -= 1
                scores[id] = next
            }
            return scores
        }
    }
}
