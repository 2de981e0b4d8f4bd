/// How a run is steered; what is nil or off is left to the model.
public struct ControllerPolicy: Sendable {
    /// When threads come back together.
    public var join: JoinPolicy
    /// When a thread must return.
    public var window: WindowRule?
    /// When a thread must split.
    public var split: SplitRule?
    /// When a thread is run again.
    public var retry: RetryRule?
    /// Which threads become one.
    public var merge: MergeRule?
    /// Which threads are opened by others; for methods whose threads reply in plain words.
    public var spawn: SpawnRule?
    /// When a context has gone bad.
    public var health: ContextHealthRule?
    /// How many threads run at the same time.
    public var width: WidthRule?
    /// What examines returns before they are joined; the first that has an opinion counts.
    public var checks: [any ReturnCheck]
    /// Where results of subproblems are kept from run to run; nil for nowhere.
    public var cache: SubproblemCache?
    /// Whose results those are; nobody else gets them.
    public var tenant: String
    /// How threads of a depth reason, 1 being those of the main line; what is missing reasons as the run's method says.
    public var methods: [Int: any ReasoningMethod]

    /// Creates a policy; without arguments it is ``observing``.
    public init(
        join: JoinPolicy = .all, window: WindowRule? = nil, split: SplitRule? = nil, retry: RetryRule? = nil,
        merge: MergeRule? = nil, spawn: SpawnRule? = nil, health: ContextHealthRule? = nil, width: WidthRule? = nil,
        checks: [any ReturnCheck] = [], cache: SubproblemCache? = nil, tenant: String = "",
        methods: [Int: any ReasoningMethod] = [:]
    ) {
        self.join = join
        self.window = window
        self.split = split
        self.retry = retry
        self.merge = merge
        self.spawn = spawn
        self.health = health
        self.width = width
        self.checks = checks
        self.cache = cache
        self.tenant = tenant
        self.methods = methods
    }

    /// Whether any rule looks at lines while they decode.
    var steersLines: Bool { window != nil || split != nil || health != nil }

    /// Keeps budgets and changes nothing else.
    public static let observing = ControllerPolicy()

    /// Every rule with its own defaults; nothing is checked and nothing is kept.
    public static let steering = ControllerPolicy(
        window: WindowRule(), split: SplitRule(), retry: RetryRule(), merge: MergeRule(), spawn: SpawnRule(),
        health: ContextHealthRule(), width: WidthRule())
}
