internal import Braid

/// Guesses what comes next in a context from what followed the same few tokens earlier in it (Saxena 2023, "Prompt Lookup
/// Decoding"; Yang et al. 2023, "Inference with Reference", arXiv 2304.04487, section 3).
///
/// How much it guesses follows from how well it has guessed: twice as much after a guess that was right to the end, half
/// after one that was wrong from the start, and after that nothing for a while, longer each time. A pure value; a wrong
/// guess costs rows, never a token.
struct PromptLookup: Sendable {
    /// Tokens that must be the same for a guess.
    private static let matchLength = 3
    private static let longestDraft = 8
    private static let shortestPause = 8
    private static let longestPause = 512

    /// Most tokens of the next guess.
    private(set) var draftLength = 2
    private var pause = PromptLookup.shortestPause
    private var stepsToPause = 0

    /// What may follow a sequence, as far as it is worth a guess; at most `limit` tokens.
    /// - Complexity: O(`tokens`).
    mutating func draft(after tokens: [TokenID], limit: Int) -> ArraySlice<TokenID> {
        if stepsToPause > 0 {
            stepsToPause -= 1
            return []
        }
        let length = min(draftLength, limit)
        let last = tokens.count - 1
        guard length > 0, last >= Self.matchLength else { return [] }
        return tokens.withUnsafeBufferPointer { ids in
            var end = last - 1
            while end >= Self.matchLength - 1 {
                if ids[end] == ids[last], ids[end - 1] == ids[last - 1], ids[end - 2] == ids[last - 2] {
                    return tokens[(end + 1)..<min(end + 1 + length, tokens.count)]
                }
                end -= 1
            }
            return []
        }
    }

    /// Takes note of how good a guess was.
    mutating func record(drafted: Int, accepted: Int) {
        guard drafted > 0 else { return }
        if accepted == drafted {
            draftLength = min(2 * draftLength, Self.longestDraft)
            pause = Self.shortestPause
        } else if accepted == 0 {
            draftLength /= 2
            if draftLength == 0 {
                stepsToPause = pause
                pause = min(2 * pause, Self.longestPause)
                draftLength = 2
            }
        }
    }
}
