/// What one run may use up.
public struct Budget: Sendable, Hashable {
    /// Most threads in the whole run, the main line not counted.
    public let maximumThreads: Int
    /// How deep threads may fork: 0 never, 1 the main line only.
    public let maximumDepth: Int
    /// Most tokens that one thread may decode; the main line is bounded by ``totalTokens`` alone.
    public let tokensPerThread: Int
    /// Most tokens that all lines together may decode.
    public let totalTokens: Int
    /// How long the run may take; nil for as long as it needs.
    public let deadline: Duration?
    /// How long one thread may take, from its start; nil for as long as it needs.
    public let threadTimeout: Duration?
    /// How much money all lines together may cost; nil for as much as they need.
    public let spending: SpendingLimit?

    /// 32 threads, 3 deep, 4096 tokens each, 32768 tokens in total, no deadline.
    public static let standard = Budget()

    private init() {
        maximumThreads = 32
        maximumDepth = 3
        tokensPerThread = 4096
        totalTokens = 32768
        deadline = nil
        threadTimeout = nil
        spending = nil
    }

    /// Creates a budget.
    /// - Parameters:
    ///   - maximumThreads: 1...256.
    ///   - maximumDepth: 0...16.
    ///   - tokensPerThread: 1...16777216.
    ///   - totalTokens: 1...16777216.
    ///   - deadline: more than zero.
    ///   - threadTimeout: more than zero.
    /// - Throws: ``BudgetError`` when a number is outside its range.
    public init(
        maximumThreads: Int = Budget.standard.maximumThreads, maximumDepth: Int = Budget.standard.maximumDepth,
        tokensPerThread: Int = Budget.standard.tokensPerThread, totalTokens: Int = Budget.standard.totalTokens,
        deadline: Duration? = nil, threadTimeout: Duration? = nil, spending: SpendingLimit? = nil
    ) throws(BudgetError) {
        try Self.check("maximumThreads", maximumThreads, in: 1...256)
        try Self.check("maximumDepth", maximumDepth, in: 0...16)
        try Self.check("tokensPerThread", tokensPerThread, in: 1...(1 << 24))
        try Self.check("totalTokens", totalTokens, in: 1...(1 << 24))
        if let deadline, deadline <= .zero { throw BudgetError.deadlineNotPositive(deadline) }
        if let threadTimeout, threadTimeout <= .zero { throw BudgetError.deadlineNotPositive(threadTimeout) }
        self.maximumThreads = maximumThreads
        self.maximumDepth = maximumDepth
        self.tokensPerThread = tokensPerThread
        self.totalTokens = totalTokens
        self.deadline = deadline
        self.threadTimeout = threadTimeout
        self.spending = spending
    }

    private static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(BudgetError) {
        guard range.contains(value) else { throw .outOfRange(name: name, value: value, allowed: range) }
    }
}
