/// Figures of one trajectory.
///
/// Let a line be its own decoded tokens `s`, outline lists included, and forks `b` into threads. Then, recursively for
/// nested forks (ThreadWeaver, arXiv 2512.07843, section 4, defines the flat case; nobody defines the nested one):
///
///     total(line)    = s + sum over b of sum over threads t of total(t)
///     critical(line) = s + sum over b of max over threads t of finish(t)
///     finish(t)      = critical(t) + max over threads u that t comes after of finish(u), or 0
///
/// Only decoded tokens count: seeds, prompts and joined text are prefill. Where the model itself closes a block, that one
/// closing tag counts as sequential.
public struct TrajectoryMetrics: Sendable, Hashable, Codable {
    /// Decoded tokens of all lines, `L_total`.
    public var totalTokens: Int
    /// Decoded tokens on the critical path, `L_crit`.
    public var criticalPathTokens: Int
    /// Prefilled tokens of all lines: prompt, seeds, joins.
    public var prefilledTokens: Int
    /// Decoded tokens inside parallel blocks: outline lists and threads.
    public var parallelTokens: Int
    /// Forks in all lines.
    public var forks: Int
    /// Threads that started, in all forks.
    public var threads: Int
    /// Most threads that started in one fork.
    public var widestFork: Int
    /// Deepest thread: 0 when nothing forked.
    public var maximumDepth: Int
    /// Tokens in the longest context that any line had.
    public var maximumContextTokens: Int
    /// How long the run took.
    public var wallSeconds: Double
    /// Whether the dialect's structure was valid throughout.
    public var isStructureValid: Bool

    /// Reads the figures off a trajectory.
    public init(_ trajectory: Trajectory) {
        let line = LineFigures(trajectory.root, contextTokens: 0, depth: 0)
        totalTokens = line.total
        criticalPathTokens = line.critical
        prefilledTokens = line.prefilled
        parallelTokens = line.parallel
        forks = line.forks
        threads = line.threads
        widestFork = line.widest
        maximumDepth = line.deepest
        maximumContextTokens = line.longestContext
        wallSeconds = trajectory.seconds
        isStructureValid = trajectory.malformedCount == 0
    }

    /// Share of tokens saved on the critical path: `eta = 1 - L_crit / L_total`, 0 when nothing was decoded.
    ///
    /// ThreadWeaver's reward code (arXiv 2512.07843, section 4.2). It rises when threads are padded, so compare it only
    /// at equal total tokens.
    public var acceleration: Double {
        totalTokens == 0 ? 0 : 1 - Double(criticalPathTokens) / Double(totalTokens)
    }

    /// Speed-up against the same tokens one after the other: `L_total / L_crit`, 1 when nothing was decoded.
    ///
    /// Multiverse (arXiv 2506.09991) calls it the degree of parallelism.
    public var speedupSelf: Double {
        criticalPathTokens == 0 ? 1 : Double(totalTokens) / Double(criticalPathTokens)
    }

    /// Share of tokens inside parallel blocks (ThreadWeaver's parallel ratio): outline lists and threads over `L_total`.
    public var parallelRatio: Double {
        totalTokens == 0 ? 0 : Double(parallelTokens) / Double(totalTokens)
    }
}

/// Figures of one line and everything forked from it.
private struct LineFigures {
    var total = 0
    var critical = 0
    var prefilled = 0
    var parallel = 0
    var forks = 0
    var threads = 0
    var widest = 0
    var deepest: Int
    var longestContext: Int

    init(_ line: ReasoningThread, contextTokens: Int, depth: Int) {
        deepest = depth
        var context = contextTokens
        longestContext = context
        for step in line.steps {
            switch step {
            case .segment(let segment):
                context += segment.tokenCount
                if segment.origin == .model {
                    total += segment.tokenCount
                    critical += segment.tokenCount
                } else {
                    prefilled += segment.tokenCount
                }
            case .fork(let fork):
                let figures = fork.threads.map {
                    LineFigures($0, contextTokens: Self.hasOwnPrompt($0) ? 0 : context, depth: depth + 1)
                }
                add(fork, figures)
                context += Self.adoptedTokens(fork)
            }
            longestContext = max(longestContext, context)
        }
    }

    private mutating func add(_ fork: Fork, _ figures: [LineFigures]) {
        forks += 1
        let startedCount = fork.threads.count { !$0.steps.isEmpty }
        threads += startedCount
        widest = max(widest, startedCount)
        parallel += fork.outlineTokens
        var finish: [Int: Int] = [:]
        var longest = 0
        // One that never started still passes on what it would have waited for.
        for (thread, figure) in zip(fork.threads, figures) {
            let wait = (thread.outline?.after ?? []).compactMap { finish[$0] }.max() ?? 0
            longest = max(longest, wait + figure.critical)
            if let number = thread.outline?.number { finish[number] = wait + figure.critical }
            total += figure.total
            parallel += figure.total
            prefilled += figure.prefilled
            forks += figure.forks
            threads += figure.threads
            widest = max(widest, figure.widest)
            guard !thread.steps.isEmpty else { continue }
            deepest = max(deepest, figure.deepest)
            longestContext = max(longestContext, figure.longestContext)
        }
        critical += longest
    }

    /// Whether a thread began in a context of its own, not in its parent's.
    private static func hasOwnPrompt(_ thread: ReasoningThread) -> Bool {
        if case .segment(let segment) = thread.steps.first { segment.origin == .prompt } else { false }
    }

    /// Positions that a line's own context has beyond its parent's.
    private static func ownTokens(_ line: ReasoningThread) -> Int {
        line.steps.reduce(0) { sum, step in
            switch step {
            case .segment(let segment): sum + segment.tokenCount
            case .fork(let fork): sum + adoptedTokens(fork)
            }
        }
    }

    /// Positions that a join adopts: all of each thread that finished when it stitches, none when it prefills again.
    private static func adoptedTokens(_ fork: Fork) -> Int {
        guard fork.join == .stitch else { return 0 }
        return fork.threads.filter { $0.outcome == .finished }.reduce(0) { $0 + ownTokens($1) }
    }
}
