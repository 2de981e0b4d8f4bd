/// Keeps the books of one run's budget: one pool for the whole tree of threads.
///
/// Four fifths of the tokens are open to all; the last fifth is kept from threads that will be joined, so that they cannot
/// use up what the answer needs after the join. Decisions depend on the order of events alone, not on time.
public struct BudgetLedger: Sendable, Hashable {
    /// The budget.
    public let budget: Budget
    /// Tokens decoded so far in all lines.
    public private(set) var usedTokens = 0
    /// Threads started so far.
    public private(set) var usedThreads = 0

    /// Tokens prefilled so far in all lines.
    public private(set) var prefilledTokens = 0

    /// Opens the books.
    public init(_ budget: Budget) {
        self.budget = budget
    }

    /// Most tokens that the next decode call of a line may use.
    /// - Parameters:
    ///   - decoded: tokens that this line has decoded so far.
    ///   - depth: 0 for the main line, 1 for its threads, and so on.
    ///   - line: `.main` for lines that may answer.
    public func decodableTokens(decoded: Int, depth: Int, line: ControlGrammar.Line) -> Int {
        let kept = line == .main ? 0 : budget.totalTokens / 5
        let own = depth == 0 ? Int.max : budget.tokensPerThread - decoded
        return max(0, min(own, budget.totalTokens - kept - usedTokens, payableTokens(line: line)))
    }

    /// Tokens that the money left pays for; like tokens, a fifth of it is kept from threads.
    private func payableTokens(line: ControlGrammar.Line) -> Int {
        guard let spending = budget.spending else { return Int.max }
        let limit = line == .main ? spending.limit : spending.limit * 0.8
        return spending.decodableTokens(limit: limit, prefilled: prefilledTokens, decoded: usedTokens)
    }

    /// What was spent so far; nil where no prices are known.
    public var spent: Double? { budget.spending?.cost(prefilled: prefilledTokens, decoded: usedTokens) }

    /// Most threads that a line of this depth may fork into now; 0 when it may not fork.
    public func forkableThreads(depth: Int) -> Int {
        depth < budget.maximumDepth ? max(0, budget.maximumThreads - usedThreads) : 0
    }

    /// Sets a part of the budget aside for a run inside this one; nil when nothing is left.
    /// - Parameter depth: of the thread that is to run it.
    public mutating func reserve(depth: Int) -> BudgetReservation? {
        let tokens = decodableTokens(decoded: 0, depth: depth, line: .thread)
        guard tokens > 0 else { return nil }
        let forkable = forkableThreads(depth: depth)
        // Half of what is left, so that others find some, too.
        let reservation = BudgetReservation(tokens: tokens, threads: (forkable + 1) / 2)
        usedTokens += reservation.tokens
        usedThreads += reservation.threads
        return reservation
    }

    /// Gives back what was set aside and not used.
    public mutating func settle(_ reservation: BudgetReservation, tokens: Int, threads: Int, prefilled: Int) {
        usedTokens += tokens - reservation.tokens
        usedThreads += threads - reservation.threads
        self.prefilled(prefilled)
    }

    /// Takes one decoded token into the books.
    public mutating func decodedToken() {
        usedTokens += 1
    }

    /// Takes prefilled tokens into the books.
    public mutating func prefilled(_ tokens: Int) {
        prefilledTokens += max(0, tokens)
    }

    /// Grants as many of the requested threads as the budget has left and takes them into the books.
    public mutating func grantThreads(_ requested: Int, depth: Int) -> Int {
        let granted = max(0, min(requested, forkableThreads(depth: depth)))
        usedThreads += granted
        return granted
    }
}
