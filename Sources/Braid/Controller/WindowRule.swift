/// No thread may fill more than a share of the context window before it must say what it has found.
///
/// What is left of the window is for the return, and for what the line that forked it still has to do.
public struct WindowRule: Sendable, Hashable, Codable {
    /// The share that a thread may fill; 0.8 is common advice.
    public var share: Double

    /// Creates the rule.
    /// - Parameter share: more than 0, at most 1; other numbers are moved there.
    public init(share: Double = 0.8) {
        self.share = min(1, max(0.01, share))
    }

    /// Tokens that a context of this length may still take before the thread must return.
    public func room(contextTokens: Int, contextLength: Int) -> Int {
        max(0, Int(Double(contextLength) * share) - contextTokens)
    }

    /// Why the thread must return now; nil when it may go on.
    public func reasonToDistil(contextTokens: Int, contextLength: Int) -> String? {
        guard room(contextTokens: contextTokens, contextLength: contextLength) == 0 else { return nil }
        return "\(contextTokens) of \(contextLength) tokens of its context are full, \(Int(share * 100)) % is the most"
    }
}
