/// One thing that the controller did, and why.
public struct ControllerDecision: Sendable, Hashable, Codable {
    /// What it did.
    public enum Action: String, Sendable, Codable, CaseIterable {
        /// Joined without waiting for the threads that were still open.
        case join
        /// Cancelled a thread whose result no longer mattered.
        case cancel
        /// Cut a thread that took too long.
        case timeOut
        /// Ran a thread again.
        case retry
        /// Made a thread split its work.
        case split
        /// Made a thread return what it had.
        case distil
        /// Let one thread do the work of another, too.
        case merge
        /// Made a thread wait for another, because it turned out to need its result.
        case wait
        /// Started a thread for work that another had found.
        case spawn
        /// Lowered the number of threads that run at the same time.
        case narrow
        /// Lowered the share of its context that a thread may fill.
        case summariseSooner
        /// Marked a return as false.
        case refute
        /// Took a result from the cache.
        case reuse
        /// Repaired a plan.
        case repairPlan
        /// Refused a plan, or part of one.
        case refusePlan
        /// Went on without threads.
        case fallBack
        /// Asked a person, who changed something or refused.
        case review
    }

    /// The thread it is about.
    public var thread: String
    /// What it did.
    public var action: Action
    /// Why, in words.
    public var reason: String
    /// When, in seconds since the run began.
    public var seconds: Double

    /// Creates a decision.
    public init(thread: String, action: Action, reason: String, seconds: Double) {
        self.thread = thread
        self.action = action
        self.reason = reason
        self.seconds = seconds
    }
}
