/// A thread that grows too long is made to split its work, or to return where it cannot.
public struct SplitRule: Sendable, Hashable, Codable {
    /// The share of a thread's token budget after which it counts as too long.
    public var share: Double

    /// Creates the rule.
    /// - Parameter share: more than 0, at most 1; other numbers are moved there.
    public init(share: Double = 0.5) {
        self.share = min(1, max(0.01, share))
    }

    /// Tokens that a thread may still decode before it counts as too long.
    public func room(decodedTokens: Int, tokensPerThread: Int) -> Int {
        max(0, Int(Double(tokensPerThread) * share) - decodedTokens)
    }

    /// Why the thread must split; nil when it may go on.
    public func reasonToSplit(decodedTokens: Int, tokensPerThread: Int) -> String? {
        guard room(decodedTokens: decodedTokens, tokensPerThread: tokensPerThread) == 0 else { return nil }
        return
            "\(decodedTokens) tokens, more than \(Int(share * 100)) % of the \(tokensPerThread) that a thread may have"
    }
}
