/// A vocabulary that is spelt in characters, and its encoder, laid out from what a file says.
struct SentencePieceParts {
    let vocabulary: Vocabulary
    let encoder: SentencePieceEncoder
    /// The tokens that stand for one byte each when text is decoded.
    let byteTokenIDs: Set<Int32>

    /// Checks the vocabulary and the merges.
    ///
    /// - Throws: ``ModelLoadingError``
    /// - Complexity: O(size of the vocabulary and the merges).
    init(
        _ file: TokenizerFile, added: [AddedToken], normalizer: Normalizer, excluding excluded: Set<Int32>,
        decoding: TokenDecoding, path: String
    ) throws(ModelLoadingError) {
        var replacement: (pattern: [UInt8], content: [UInt8]) = (Array("\u{2581}".utf8), [0x20])
        let decoder = file.decoder?.flattened.first
        if decoder?.type == "Replace", let replaced = try decoder?.replacement(path: path) { replacement = replaced }
        if decoder?.type == "Metaspace", let mark = decoder?.mark { replacement.pattern = Array(mark.utf8) }
        let spelled = Normalizer([.replace(replacement.pattern, with: replacement.content)])
        var fallsBack = true
        if case .metaspace = decoding { fallsBack = false }

        var ids: [[UInt8]: Int32] = [:]
        ids.reserveCapacity(file.model.spellings.count)
        var tokens: [(id: Int32, bytes: [UInt8])] = []
        var scalarTokens: [UInt32: Int32] = [:]
        var byteTokenIDs = Set<Int32>()
        func add(_ text: String, _ id: Int32) {
            if fallsBack, let byte = TokenDecoding.byte(spelledBy: text) {
                tokens.append((id, [byte]))
                byteTokenIDs.insert(id)
            } else {
                tokens.append((id, spelled.normalize(MarkedText(Array(text.utf8))).bytes))
            }
        }
        let contents = Dictionary(added.map { ($0.id, $0.content) }, uniquingKeysWith: { first, _ in first })
        for (text, id) in file.model.spellings {
            let id = try Tokenizer.checkedID(id, of: text, path: path)
            guard ids.updateValue(id, forKey: Array(text.utf8)) == nil else {
                throw .malformedFile(path: path, reason: "the token \(text.debugDescription) is there twice")
            }
            let isAdded = contents[id]?.utf8.elementsEqual(text.utf8) ?? false
            if !isAdded { add(text, id) }
            let scalars = text.unicodeScalars
            // A control token of one character is no character of plain text.
            if let scalar = scalars.first, scalars.count == 1, !excluded.contains(id) {
                scalarTokens[scalar.value] = id
            }
        }
        for token in added { add(token.spelling(normalizer), token.id) }
        try Tokenizer.sort(&tokens, path: path)
        vocabulary = Vocabulary(tokens) { _ in false }
        self.byteTokenIDs = byteTokenIDs

        var table = MergeTable(minimumCapacity: file.model.merges.count)
        for (place, merge) in file.model.merges.enumerated() {
            let left = Array(merge.left.utf8)
            let right = Array(merge.right.utf8)
            guard let first = ids[left], let second = ids[right], let result = ids[left + right],
                let rank = UInt32(exactly: merge.rank ?? place), rank < .max
            else {
                throw .malformedFile(
                    path: path,
                    reason: "merge \(place), \(merge.left.debugDescription) + \(merge.right.debugDescription), "
                        + "names or makes a token that the vocabulary lacks")
            }
            if !excluded.contains(result) {
                table[first, second] = MergeTable.Merge(rank: rank, result: result)
            }
        }
        var byteTokens: [Int32] = []
        if file.model.fallsBackToBytes == true {
            for byte in UInt8.min...UInt8.max {
                let digits = String(byte, radix: 16, uppercase: true)
                let spelling = "<0x" + (digits.utf8.count == 1 ? "0" : "") + digits + ">"
                byteTokens.append(ids[Array(spelling.utf8)].flatMap { excluded.contains($0) ? nil : $0 } ?? -1)
            }
        }
        var unknown: Int32?
        if let token = file.model.unknownToken {
            unknown = ids[Array(token.utf8)]
            guard unknown != nil else {
                throw .malformedFile(
                    path: path, reason: "the unknown token \(token.debugDescription) is not in the vocabulary")
            }
        }
        encoder = SentencePieceEncoder(
            scalarTokens: scalarTokens, byteTokens: byteTokens, unknownToken: unknown,
            fusesUnknown: file.model.fusesUnknown ?? false, merging: MergeEncoder(merges: table))
    }
}
