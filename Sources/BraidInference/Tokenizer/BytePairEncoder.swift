/// Byte-pair encoding of one piece of text, from its bytes.
struct BytePairEncoder: Sendable {
    /// The token of each byte.
    let byteTokens: [Int32]
    let merging: MergeEncoder

    /// Appends the tokens of `piece` to `tokens`.
    ///
    /// - Complexity: O(n log n) in the length of the piece, for any merges.
    func encode(_ piece: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: piece.count) { symbols in
            for index in 0..<piece.count { symbols.initializeElement(at: index, to: byteTokens[Int(piece[index])]) }
            merging.encode(symbols, into: &tokens)
        }
    }
}
