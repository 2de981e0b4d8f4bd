/// What the controller remembers of one line while it is decoded: a pure value.
struct LineSteering: Sendable {
    /// What the controller may see of a line when it looks.
    struct Facts: Sendable, Hashable {
        var decodedTokens: Int
        var contextTokens: Int
        /// Whether the line can be made to return now.
        var canReturn: Bool
        /// Whether the line can be made to fork now.
        var canFork: Bool
    }

    /// What to do at a pause.
    enum Action: Sendable, Hashable {
        case goOn
        case distil(String)
        case split(String)
        case probe
    }

    /// Mean negative log-probability of the health probe at the line's beginning, once known.
    var baseline: Double?
    /// Whether the line was made to return.
    private(set) var isDistilled = false
    /// Whether the line was made to split.
    private(set) var isSplit = false
    /// How the line ends if it is cancelled; nil for as the run says.
    var cancelledAs: ThreadOutcome?
    /// 1 for the first.
    let attempt: Int
    /// What a check found wrong with what it returned.
    var objection: String?
    /// Whether a check found it right.
    var isVerified = false
    private var probedAt = 0
    private var latest: [TokenID] = []

    init(attempt: Int = 1) {
        self.attempt = attempt
    }

    /// Takes note of a decoded token, as far as the rule looks back.
    mutating func take(_ token: TokenID, for rule: ContextHealthRule) {
        latest.append(token)
        if latest.count > 4 * rule.repetitionWindow { latest.removeFirst(latest.count - rule.repetitionWindow) }
    }

    /// Tokens that the line may decode before the controller looks again; nil for as many as it likes.
    func tokensToPause(
        _ facts: Facts, _ policy: ControllerPolicy, budget: Budget, contextLength: Int, windowShare: Double
    )
        -> Int?
    {
        var rooms: [Int] = []
        if !isDistilled, facts.canReturn {
            if let window = policy.window.map({ WindowRule(share: $0.share * windowShare) }) {
                rooms.append(window.room(contextTokens: facts.contextTokens, contextLength: contextLength))
            }
            if let split = policy.split, !isSplit {
                rooms.append(
                    split.room(decodedTokens: facts.decodedTokens, tokensPerThread: budget.tokensPerThread))
            }
        }
        if let health = policy.health, !isDistilled {
            rooms.append(max(0, probedAt + health.interval - facts.decodedTokens))
        }
        return rooms.min()
    }

    /// What to do now that the line has paused.
    func action(_ facts: Facts, _ policy: ControllerPolicy, budget: Budget, contextLength: Int, windowShare: Double)
        -> Action
    {
        if !isDistilled, facts.canReturn {
            let window = policy.window.map { WindowRule(share: $0.share * windowShare) }
            if let why = window?.reasonToDistil(contextTokens: facts.contextTokens, contextLength: contextLength) {
                return .distil(why)
            }
            if !isSplit,
                let why = policy.split?.reasonToSplit(
                    decodedTokens: facts.decodedTokens, tokensPerThread: budget.tokensPerThread)
            {
                return facts.canFork ? .split(why) : .distil(why)
            }
        }
        if let health = policy.health, !isDistilled, facts.decodedTokens - probedAt >= health.interval { return .probe }
        return .goOn
    }

    /// Takes note that the line was made to return.
    mutating func distilled() { isDistilled = true }

    /// Takes note that the line was made to split.
    mutating func split() { isSplit = true }

    /// Takes note of a probe after so many decoded tokens, and gives the reading, once there is one to compare with.
    mutating func probed(_ score: Double, decodedTokens: Int, for rule: ContextHealthRule) -> ContextHealth? {
        probedAt = decodedTokens
        guard let baseline else {
            baseline = score
            return nil
        }
        return ContextHealth(
            baseline: baseline, current: score,
            repetition: ContextHealth.repetition(of: latest.suffix(rule.repetitionWindow)))
    }

    /// Takes note that something was done about the line's health, which is compared with what it is now from here on.
    mutating func actedOnHealth(_ health: ContextHealth) {
        baseline = health.current
        latest = []
    }

    /// Takes note that no probe can be scored; looks again later.
    mutating func notProbed(decodedTokens: Int) { probedAt = decodedTokens }
}
