/// Whether the store is used, and when one that failed is tried again: each call is one decision.
struct StoreHealth: Sendable, Hashable {
    /// A time in which the store fails.
    struct Outage: Sendable, Hashable {
        /// What it failed with first.
        var error: StoreError
        /// When it began.
        var start: Duration
        /// When it is tried again.
        var next: Duration
        /// How long is waited after that.
        var pause: Duration
        /// Writes that were not made.
        var lost = 0
    }

    /// The first pause after a failure; each one after that is twice as long.
    static let firstPause = Duration.seconds(1)
    /// The longest pause.
    static let longestPause = Duration.seconds(60)

    /// The outage that goes on; nil while the store works.
    private(set) var outage: Outage?

    /// Whether to try now. Of those that ask when the pause is over, only the first one is told to.
    mutating func admits(at now: Duration) -> Bool {
        guard let outage else { return true }
        guard now >= outage.next else { return false }
        self.outage?.next = now + outage.pause
        self.outage?.pause = min(outage.pause * 2, Self.longestPause)
        return true
    }

    /// Notes a failure.
    /// - Returns: the warning, for the first failure of an outage only.
    mutating func failed(_ error: StoreError, at now: Duration) -> String? {
        guard outage == nil else { return nil }
        outage = Outage(error: error, start: now, next: now + Self.firstPause, pause: Self.firstPause * 2)
        return "\(error); until then runs are answered and not kept"
    }

    /// Notes a write that was not made.
    mutating func lost() { outage?.lost += 1 }

    /// Notes that the store works.
    /// - Returns: the message that says so, when it did not before.
    mutating func worked(at now: Duration) -> String? {
        guard let outage else { return nil }
        self.outage = nil
        let seconds = (now - outage.start).components.seconds
        return "the store works again after \(seconds) s, in which \(outage.lost) writes were not made"
    }
}
