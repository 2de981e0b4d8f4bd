/// Byte-pair encoding of one piece of text, from its characters, as SentencePiece's models of that kind do it.
///
/// A character that is no token becomes its bytes' tokens, or else the unknown token.
///
/// Kudo, Richardson, "SentencePiece", arXiv 1808.06226; byte fallback as in `tokenizers`.
struct SentencePieceEncoder: Sendable {
    /// The token of each scalar that is one.
    let scalarTokens: [UInt32: Int32]
    /// The token of each byte, -1 for a byte without one; empty without byte fallback.
    let byteTokens: [Int32]
    /// What a character becomes that is no token; nothing if nil.
    let unknownToken: Int32?
    /// Whether several unknown characters in a row are one unknown token.
    let fusesUnknown: Bool
    let merging: MergeEncoder

    /// Appends the tokens of `piece` to `tokens`.
    ///
    /// - Complexity: O(n log n) in the length of the piece, for any merges.
    func encode(_ piece: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
        // A byte gives at most one symbol.
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: piece.count) { symbols in
            var count = 0
            func add(_ token: Int32) {
                symbols.initializeElement(at: count, to: token)
                count += 1
            }
            // An unknown token is put down when the next character is known, so bytes that come between go before it;
            // that is what `tokenizers` does.
            var isUnknownPending = false
            var position = 0
            while position < piece.count {
                let (scalar, length) = UTF8Scalar.decode(piece, at: position)
                let bytes = piece[position..<position + length]
                position += length
                if let token = scalarTokens[scalar] {
                    if isUnknownPending, let unknownToken { add(unknownToken) }
                    isUnknownPending = false
                    add(token)
                } else if !byteTokens.isEmpty, bytes.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
                    for byte in bytes { add(byteTokens[Int(byte)]) }
                } else if let unknownToken {
                    if isUnknownPending, !fusesUnknown { add(unknownToken) }
                    isUnknownPending = true
                }
            }
            if isUnknownPending, let unknownToken { add(unknownToken) }
            merging.encode(UnsafeMutableBufferPointer(rebasing: symbols[..<count]), into: &tokens)
        }
    }
}
