internal import Braid

/// The tokens of one full page, as a key.
struct PageTokens: Hashable, Sendable {
    private let ids: SIMD16<TokenID>

    /// Takes the tokens of page `page` of a sequence, which has them all.
    init(_ tokens: [TokenID], page: Int) {
        let first = page * KVCache.pagePositions
        var ids = SIMD16<TokenID>()
        for index in 0..<KVCache.pagePositions { ids[index] = tokens[first + index] }
        self.ids = ids
    }
}
