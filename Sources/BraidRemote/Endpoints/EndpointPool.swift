internal import Synchronization

/// Hands out endpoints to requests, in the order in which they ask.
final class EndpointPool: Sendable {
    private struct Waiter {
        var id: Int
        var preferred: Int?
        var avoiding: Int?
        var continuation: CheckedContinuation<EndpointLease, any Error>
    }

    private struct State {
        var endpoints: [EndpointState]
        var waiters: [Waiter] = []
        var nextWaiter = 0
        /// Those who have not begun to wait yet, and whether they were cancelled before they did.
        var arriving: [Int: Bool] = [:]
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Duration

    /// Creates a pool.
    /// - Parameters:
    ///   - capacities: How many requests each endpoint takes at once.
    ///   - now: The time, for pauses.
    init(capacities: [Int], now: @escaping @Sendable () -> Duration) {
        state = Mutex(State(endpoints: capacities.map(EndpointState.init)))
        self.now = now
    }

    /// The limits now, by endpoint.
    var limits: [ConcurrencyLimit] { state.withLock { $0.endpoints.map(\.limit) } }

    /// Waits for an endpoint.
    /// - Parameters:
    ///   - preferred: The endpoint that served the prefix before.
    ///   - avoiding: The endpoint that has just failed.
    /// - Throws: `CancellationError`.
    func lease(preferring preferred: Int?, avoiding: Int? = nil) async throws -> EndpointLease {
        let id = state.withLock { state in
            defer { state.nextWaiter += 1 }
            state.arriving[state.nextWaiter] = false
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.arriving.removeValue(forKey: id) == true { return true }
                    state.waiters.append(
                        Waiter(id: id, preferred: preferred, avoiding: avoiding, continuation: continuation))
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) } else { serve() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    if state.arriving[id] != nil { state.arriving[id] = true }
                    return nil
                }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// An endpoint for work that is not worth a wait, or nil.
    func leaseIfIdle(preferring preferred: Int?) -> EndpointLease? {
        state.withLock { state in
            state.waiters.isEmpty ? take(preferring: preferred, avoiding: nil, &state) : nil
        }
    }

    /// Whether what failed at an endpoint may be tried again, by the budget of those that it would go to: the others that
    /// work, or the same one where there are none.
    func mayRetry(after endpoint: Int) -> Bool {
        let now = now()
        return state.withLock { state in
            let others = state.endpoints.indices.filter {
                $0 != endpoint && state.endpoints[$0].breaker.allows(at: now)
            }
            return (others.isEmpty ? [endpoint] : others).contains { state.endpoints[$0].retries.spend() }
        }
    }

    /// Whether a request may be sent to an endpoint once more, by its budget.
    func mayRepeat(at endpoint: Int) -> Bool {
        state.withLock { $0.endpoints[endpoint].retries.spend() }
    }

    /// An endpoint for a question that takes no place.
    /// - Parameter avoiding: The endpoint that has just failed.
    func endpointForQuestion(avoiding: Int?) -> Int {
        let now = now()
        return state.withLock { EndpointState.chooseForQuestion(among: $0.endpoints, avoiding: avoiding, at: now) }
    }

    /// Notes that a question got no answer.
    func unanswered(by endpoint: Int, _ outcome: EndpointOutcome) {
        let now = now()
        state.withLock { $0.endpoints[endpoint].breaker.end(outcome, at: now) }
    }

    /// Whether an endpoint must be what it was.
    func isKnown(_ endpoint: Int) -> Bool {
        let now = now()
        return state.withLock { $0.endpoints[endpoint].isKnown(at: now) }
    }

    /// Notes that an endpoint answered.
    func heard(from endpoint: Int) {
        let now = now()
        state.withLock { $0.endpoints[endpoint].lastHeard = now }
    }

    /// Notes that a connection to an endpoint broke, so that something else may answer there from now on.
    func lost(_ endpoint: Int) {
        state.withLock { $0.endpoints[endpoint].lastHeard = nil }
    }

    /// Whether each endpoint works, as far as is known.
    var areWell: [Bool] { state.withLock { $0.endpoints.map { $0.breaker.isClosed } } }

    /// Whether another endpoint works, as far as is known.
    func works(besides endpoint: Int) -> Bool {
        areWell.enumerated().contains { index, isWell in index != endpoint && isWell }
    }

    /// The endpoints that are to be asked now whether they are well, and counts that as done.
    func dueProbes() -> [Int] {
        let now = now()
        return state.withLock { state in
            let due = state.endpoints.indices.filter { state.endpoints[$0].isProbeDue(at: now) }
            for endpoint in due {
                let isFailing = !state.endpoints[endpoint].breaker.isClosed
                state.endpoints[endpoint].pace.ask(isFailing: isFailing, at: now)
            }
            return due
        }
    }

    /// Notes that an endpoint said that it is well.
    func answered(_ endpoint: Int) {
        let now = now()
        state.withLock { state in
            state.endpoints[endpoint].lastHeard = now
            state.endpoints[endpoint].breaker.answered()
        }
        serve()
    }

    /// Notes that an endpoint could not be reached from the beginning.
    func absent(_ endpoint: Int) {
        let now = now()
        state.withLock { state in
            state.endpoints[endpoint].lastHeard = nil
            state.endpoints[endpoint].breaker.absent(at: now)
        }
    }

    /// Notes that an endpoint did not say that it is well.
    func missed(_ endpoint: Int) {
        let now = now()
        state.withLock { state in
            state.endpoints[endpoint].lastHeard = nil
            state.endpoints[endpoint].breaker.missed(at: now)
        }
    }

    /// Ends a lease.
    func end(_ endpoint: Int, _ outcome: EndpointOutcome, generation: Int) {
        let now = now()
        state.withLock { state in
            if outcome == .success {
                state.endpoints[endpoint].lastHeard = now
                state.endpoints[endpoint].pace.served()
            }
            state.endpoints[endpoint].limit.end(outcome, generation: generation)
            state.endpoints[endpoint].breaker.end(outcome, at: now)
        }
        serve()
    }

    /// Gives endpoints to those who wait.
    private func serve() {
        while true {
            let served = state.withLock { state -> (Waiter, EndpointLease)? in
                guard let first = state.waiters.first,
                    let lease = take(preferring: first.preferred, avoiding: first.avoiding, &state)
                else { return nil }
                state.waiters.removeFirst()
                return (first, lease)
            }
            guard let (waiter, lease) = served else { return }
            waiter.continuation.resume(returning: lease)
        }
    }

    private func take(preferring preferred: Int?, avoiding: Int?, _ state: inout State) -> EndpointLease? {
        let choice = EndpointState.choose(
            among: state.endpoints, preferring: preferred, avoiding: avoiding, at: now())
        guard let choice else { return nil }
        state.endpoints[choice].breaker.begin()
        if avoiding == nil { state.endpoints[choice].retries.earn() }
        return EndpointLease(choice, generation: state.endpoints[choice].limit.begin(), pool: self)
    }
}
