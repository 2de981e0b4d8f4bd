/// The checks between what `tokenizer.json` says and what the tokenizer relies on.
extension Tokenizer {
    /// Refuses everything that would silently change the ids if it were ignored.
    static func refuseUnsupported(
        _ file: TokenizerFile, isByteLevel: Bool, path: String
    ) throws(ModelLoadingError) {
        func refuse(_ feature: String, _ value: String, supported: String) throws(ModelLoadingError) {
            throw .unsupported(path: path, feature: feature, value: value, supported: supported)
        }
        if isByteLevel, file.model.fallsBackToBytes == true {
            try refuse("model.byte_fallback", "true", supported: "false, with a vocabulary that spells every byte")
        }
        if !isByteLevel, file.model.ignoresMerges == true {
            try refuse("model.ignore_merges", "true", supported: "false, in a vocabulary that is not byte-level")
        }
        if let dropout = file.model.dropout, dropout != 0 { try refuse("model.dropout", "\(dropout)", supported: "0") }
        if let prefix = file.model.subwordPrefix, !prefix.isEmpty {
            try refuse("model.continuing_subword_prefix", prefix.debugDescription, supported: "none")
        }
        if let suffix = file.model.wordSuffix, !suffix.isEmpty {
            try refuse("model.end_of_word_suffix", suffix.debugDescription, supported: "none")
        }
        for token in file.addedTokens ?? [] where token.isSingleWord == true {
            try refuse("single_word of added token", token.content.debugDescription, supported: "false")
        }
    }

    /// The added tokens, each with the one id that both lists agree on.
    static func addedTokens(
        of file: TokenizerFile, isByteLevel: Bool, path: String
    ) throws(ModelLoadingError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        for token in file.addedTokens ?? [] {
            let id = try checkedID(token.id, of: token.content, path: path)
            if let other = file.model.vocabulary[token.content], other != token.id {
                throw .malformedFile(
                    path: path,
                    reason: "the added token \(token.content.debugDescription) has id \(token.id), "
                        + "but the vocabulary gives it \(other)")
            }
            // A character that spells a byte is that byte's token already, and plain text needs it.
            if isByteLevel, ByteLevelAlphabet.spellsByte(token.content) { continue }
            let isSpecial = token.isSpecial ?? false
            let isWhiteSpace = token.content.unicodeScalars.allSatisfy(\.properties.isWhitespace)
            tokens.append(
                AddedToken(
                    id: id, content: token.content,
                    isControl: !token.content.isEmpty && (isSpecial || !isWhiteSpace),
                    stripsLeft: token.stripsLeft ?? false, stripsRight: token.stripsRight ?? false,
                    isNormalized: token.isNormalized ?? !isSpecial))
        }
        return tokens
    }

    /// The bytes of every token of the vocabulary and of every added one.
    static func vocabulary(
        of file: TokenizerFile, added: [AddedToken], normalizer: Normalizer, path: String
    ) throws(ModelLoadingError) -> Vocabulary {
        var tokens: [(id: Int32, bytes: [UInt8])] = []
        tokens.reserveCapacity(file.model.vocabulary.count + added.count)
        let contents = Dictionary(added.map { ($0.id, $0.content) }, uniquingKeysWith: { first, _ in first })
        // Only what is spelt in the byte-level alphabet can come out of merges.
        var isSpelled = Set<Int32>()
        isSpelled.reserveCapacity(file.model.vocabulary.count)
        for (text, id) in file.model.vocabulary {
            let id = try checkedID(id, of: text, path: path)
            var bytes: [UInt8] = []
            if let content = contents[id], content == text {
                // Added tokens stand for their text as it is.
                var spelling: [UInt8] = []
                if ByteLevelAlphabet.append(bytesSpelledBy: text[...].unicodeScalars, to: &spelling),
                    spelling.elementsEqual(text.utf8)
                {
                    isSpelled.insert(id)
                }
                bytes = Array(text.utf8)
            } else if ByteLevelAlphabet.append(bytesSpelledBy: text[...].unicodeScalars, to: &bytes) {
                isSpelled.insert(id)
            } else {
                bytes = Array(text.utf8)
            }
            tokens.append((id, bytes))
        }
        for token in added where file.model.vocabulary[token.content] == nil {
            tokens.append((token.id, Array(token.spelling(normalizer).utf8)))
        }
        try sort(&tokens, path: path)
        return Vocabulary(tokens) { isSpelled.contains($0) }
    }

    /// Sorts tokens by id, each of which must be there once.
    static func sort(_ tokens: inout [(id: Int32, bytes: [UInt8])], path: String) throws(ModelLoadingError) {
        tokens.sort { $0.id < $1.id }
        for (token, next) in zip(tokens, tokens.dropFirst()) where token.id == next.id {
            throw .malformedFile(
                path: path,
                reason: "the id \(token.id) belongs to two tokens: "
                    + [token.bytes, next.bytes].map { String(decoding: $0, as: UTF8.self).debugDescription }
                    .joined(separator: " and "))
        }
    }

    /// The token of each byte.
    static func byteTokens(of vocabulary: Vocabulary, path: String) throws(ModelLoadingError) -> [Int32] {
        var tokens: [Int32] = []
        for byte in UInt8.min...UInt8.max {
            let id = withUnsafeBytes(of: byte) { vocabulary.id(of: $0) }
            // These bytes never occur in UTF-8, so a vocabulary may do without them.
            let neverOccurs = byte == 0xC0 || byte == 0xC1 || byte > 0xF4
            guard id != nil || neverOccurs else {
                throw .unsupported(
                    path: path, feature: "vocabulary without a token for byte", value: "0x" + String(byte, radix: 16),
                    supported: "byte-level vocabularies that can spell every text "
                        + "(train with initial_alphabet=ByteLevel.alphabet())")
            }
            tokens.append(id ?? 0)
        }
        return tokens
    }

    /// The merges, without those that would turn plain text into a control token.
    static func merges(
        of file: TokenizerFile, vocabulary: Vocabulary, excluding excluded: Set<Int32>, path: String
    ) throws(ModelLoadingError) -> MergeTable {
        var table = MergeTable(minimumCapacity: file.model.merges.count)
        var bytes: [UInt8] = []
        for (rank, merge) in file.model.merges.enumerated() {
            bytes.removeAll(keepingCapacity: true)
            let isSpelled = ByteLevelAlphabet.append(bytesSpelledBy: merge.left.unicodeScalars, to: &bytes)
            let middle = bytes.count
            let ids: (left: Int32, right: Int32, result: Int32)? =
                isSpelled && ByteLevelAlphabet.append(bytesSpelledBy: merge.right.unicodeScalars, to: &bytes)
                ? bytes.withUnsafeBytes { bytes in
                    guard let left = vocabulary.id(of: UnsafeRawBufferPointer(rebasing: bytes[..<middle])),
                        let right = vocabulary.id(of: UnsafeRawBufferPointer(rebasing: bytes[middle...])),
                        let result = vocabulary.id(of: bytes)
                    else { return nil }
                    return (left, right, result)
                } : nil
            guard let ids, let rank = UInt32(exactly: merge.rank ?? rank), rank < .max else {
                throw .malformedFile(
                    path: path,
                    reason: "merge \(rank), \(merge.left.debugDescription) + \(merge.right.debugDescription), "
                        + "names or makes a token that the vocabulary lacks")
            }
            if !excluded.contains(ids.result) {
                table[ids.left, ids.right] = MergeTable.Merge(rank: rank, result: ids.result)
            }
        }
        return table
    }

    static func checkedID(_ id: Int, of token: String, path: String) throws(ModelLoadingError) -> Int32 {
        guard (0..<Vocabulary.maximumSize).contains(id), let id = Int32(exactly: id) else {
            throw .invalidValue(
                path: path, field: "id of token \(token.debugDescription)", value: "\(id)",
                allowed: "0 to \(Vocabulary.maximumSize - 1)")
        }
        return id
    }

    /// The tokens that a post-processor's template puts before a text.
    static func beginTokenIDs(of file: TokenizerFile, vocabulary: Vocabulary, path: String) throws(ModelLoadingError)
        -> [Int32]
    {
        var ids: [Int32] = []
        for processor in file.postProcessor?.flattened ?? [] {
            switch processor.type {
            case "ByteLevel": continue
            case "TemplateProcessing":
                for part in (processor.single ?? []).prefix(while: { $0.sequence == nil }) {
                    guard let name = part.special?.id, let special = processor.specials?[name] else {
                        throw .malformedFile(path: path, reason: "the post_processor's template names no known token")
                    }
                    for id in special.ids {
                        guard (0..<vocabulary.size).contains(id), let id = Int32(exactly: id) else {
                            throw .invalidValue(
                                path: path, field: "token id in the post_processor", value: "\(id)",
                                allowed: "0 to \(vocabulary.size - 1)")
                        }
                        ids.append(id)
                    }
                }
            default:
                throw .unsupported(
                    path: path, feature: "post_processor", value: processor.type,
                    supported: "ByteLevel, TemplateProcessing")
            }
        }
        return ids
    }
}
