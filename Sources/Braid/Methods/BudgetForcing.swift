/// Makes a model think for longer, or not for too long (budget forcing; s1, arXiv 2501.19393, section 3.1).
public struct BudgetForcing: Sendable, Hashable {
    /// How often the end of the thinking is ignored and ``appended`` put in its place.
    public let extensions: Int
    /// What makes the model go on.
    public let appended: String
    /// Most tokens of thinking, after which it is ended by force; nil for no limit.
    public let maximumThinkingTokens: Int?

    /// Creates a forcing.
    /// - Parameters:
    ///   - extensions: 0...64.
    ///   - maximumThinkingTokens: 1 or more.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``.
    public init(
        extensions: Int = 0, appended: String = "Wait", maximumThinkingTokens: Int? = nil
    ) throws(RunError) {
        try RunError.check("extensions", extensions, in: 0...64)
        if let maximumThinkingTokens {
            try RunError.check("maximumThinkingTokens", maximumThinkingTokens, in: 1...(1 << 24))
        }
        self.extensions = extensions
        self.appended = appended
        self.maximumThinkingTokens = maximumThinkingTokens
    }
}
