/// What is known of one endpoint: the pure value behind every choice of the pool.
struct EndpointState: Sendable, Hashable {
    /// How many requests it may have.
    var limit: ConcurrencyLimit
    /// Whether it works.
    var breaker = CircuitBreaker()
    /// When it is asked whether it is well.
    var pace = ProbePace()
    /// How many retries it may cause.
    var retries: RetryBudget
    /// When it was last heard from, on a connection that did not break since; nil when one did.
    var lastHeard: Duration? = .zero

    init(capacity: Int) {
        limit = ConcurrencyLimit(maximum: capacity)
        retries = RetryBudget(capacity: capacity)
    }

    /// Whether it must be what it was: no engine ends, starts and loads a model within a second.
    func isKnown(at now: Duration) -> Bool {
        lastHeard.map { now - $0 <= .seconds(1) } ?? false
    }

    /// Whether it is to be asked whether it is well: when it fails, or when nothing was heard of it.
    func isProbeDue(at now: Duration) -> Bool {
        pace.isDue(isFailing: !breaker.isClosed, lastHeard: lastHeard, at: now)
    }

    /// The endpoint for the next request, or nil when all of them are busy.
    ///
    /// The one that served the prefix before, if it has room, because its cache has the prefix; else the one with the
    /// lowest load. `avoiding` is left out as long as there is another one that works.
    static func choose(
        among endpoints: [EndpointState], preferring preferred: Int?, avoiding: Int?, at now: Duration
    ) -> Int? {
        var usable = endpoints.indices.filter { endpoints[$0].breaker.allows(at: now) }
        // With none that works, the one that fails says what is wrong.
        if usable.isEmpty { usable = Array(endpoints.indices) }
        if let avoiding, usable.contains(where: { $0 != avoiding }) { usable.removeAll { $0 == avoiding } }
        let free = usable.filter { endpoints[$0].limit.hasRoom }
        if let preferred, free.contains(preferred) { return preferred }
        return free.min { endpoints[$0].load < endpoints[$1].load }
    }

    /// The endpoint for a question that takes no place: the first one that works, `avoiding` left out if there is another.
    static func chooseForQuestion(
        among endpoints: [EndpointState], avoiding: Int?, at now: Duration
    ) -> Int {
        let usable = endpoints.indices.filter { endpoints[$0].breaker.allows(at: now) }
        let candidates = usable.isEmpty ? Array(endpoints.indices) : usable
        return candidates.first { $0 != avoiding } ?? candidates[0]
    }

    private var load: Double { Double(limit.inFlight) / limit.current }
}
