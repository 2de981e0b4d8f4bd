import Testing

@testable import BraidRemote

/// What decides where requests go and whether they are tried again: pure values.
@Suite struct EndpointTests {
    @Test func theLimitHalvesOnceAndGrowsByOne() {
        var limit = ConcurrencyLimit(maximum: 8)
        let begun = (0..<8).map { _ in limit.begin() }
        #expect(!limit.hasRoom)
        for generation in begun { limit.end(.overloaded, generation: generation) }
        // Eight requests of one burst are one sign of overload.
        #expect(limit.current == 4)
        for _ in 0..<200 {
            var running: [Int] = []
            while limit.hasRoom { running.append(limit.begin()) }
            for generation in running { limit.end(.success, generation: generation) }
        }
        #expect(limit.current == 8)
        #expect(limit.inFlight == 0)
    }

    @Test func theLimitNeverFallsBelowOne() {
        var limit = ConcurrencyLimit(maximum: 0)
        for _ in 0..<10 { limit.end(.overloaded, generation: limit.begin()) }
        #expect(limit.current == 1)
        #expect(limit.hasRoom)
        // Load that does not reach the limit does not raise it.
        var idle = ConcurrencyLimit(maximum: 8)
        idle.end(.overloaded, generation: idle.begin())
        for _ in 0..<100 { idle.end(.success, generation: idle.begin()) }
        #expect(idle.current == 4)
    }

    @Test func theCircuitOpensAfterFiveFailuresAndTriesOnceAfterAPause() {
        var breaker = CircuitBreaker()
        for second in 0..<5 {
            #expect(breaker.allows(at: .seconds(second)))
            breaker.end(.failure, at: .seconds(second))
        }
        #expect(!breaker.allows(at: .seconds(33)))
        #expect(breaker.allows(at: .seconds(34)))
        breaker.begin()
        #expect(!breaker.allows(at: .seconds(34)))
        breaker.end(.failure, at: .seconds(35))
        #expect(!breaker.allows(at: .seconds(64)))
        breaker.begin()
        breaker.end(.success, at: .seconds(70))
        #expect(breaker.allows(at: .seconds(70)))
    }

    @Test func retriesAreAShareOfRequests() {
        var budget = RetryBudget(capacity: 4)
        var granted = 0
        for _ in 0..<1000 {
            budget.earn()
            if budget.spend() { granted += 1 }
        }
        #expect(granted <= 210)
        #expect(granted >= 200)
    }

    @Test(arguments: [(1, 10), (64, 64), (1000, 210)])
    func retriesAreSavedUpForAllThatIsUnderWay(capacity: Int, saved: Int) {
        var budget = RetryBudget(capacity: capacity)
        for _ in 0..<1000 { budget.earn() }
        // Sums of fifths are not exact.
        let granted = (0..<1000).count { _ in budget.spend() }
        #expect((saved - 1...saved).contains(granted))
    }

    @Test func anEndpointIsKnownForASecond() {
        var endpoint = EndpointState(capacity: 1)
        #expect(endpoint.isKnown(at: .seconds(1)))
        #expect(!endpoint.isKnown(at: .seconds(1.1)))
        endpoint.lastHeard = .seconds(5)
        #expect(endpoint.isKnown(at: .seconds(6)))
        endpoint.lastHeard = nil
        #expect(!endpoint.isKnown(at: .seconds(5)))
    }

    @Test func questionsGoWhereSomebodyAnswers() {
        var endpoints = [EndpointState(capacity: 1), EndpointState(capacity: 1)]
        func choose(avoiding: Int? = nil) -> Int {
            EndpointState.chooseForQuestion(among: endpoints, avoiding: avoiding, at: .zero)
        }
        _ = endpoints[0].limit.begin()
        #expect(choose() == 0)
        #expect(choose(avoiding: 0) == 1)
        for _ in 0..<5 { endpoints[0].breaker.end(.failure, at: .zero) }
        #expect(choose() == 1)
        #expect(choose(avoiding: 1) == 1)
        for _ in 0..<5 { endpoints[1].breaker.end(.failure, at: .zero) }
        #expect(choose(avoiding: 0) == 1)
    }

    @Test func choosesByPrefixThenByLoad() {
        var endpoints = [EndpointState(capacity: 2), EndpointState(capacity: 2), EndpointState(capacity: 2)]
        func choose(_ preferred: Int?, avoiding: Int? = nil) -> Int? {
            EndpointState.choose(among: endpoints, preferring: preferred, avoiding: avoiding, at: .zero)
        }
        #expect(choose(nil) == 0)
        #expect(choose(2) == 2)
        _ = endpoints[0].limit.begin()
        #expect(choose(nil) == 1)
        for _ in 0..<2 { _ = endpoints[2].limit.begin() }
        #expect(choose(2) == 1)
        #expect(choose(1, avoiding: 1) == 0)
        for _ in 0..<5 { endpoints[1].breaker.end(.failure, at: .zero) }
        #expect(choose(1) == 0)
        _ = endpoints[0].limit.begin()
        #expect(choose(nil) == nil)
        let alone = [EndpointState(capacity: 1)]
        #expect(EndpointState.choose(among: alone, preferring: nil, avoiding: 0, at: .zero) == 0)
    }

    @Test(arguments: [
        (GenerationFailure.Kind.status(400), false), (.status(401), false), (.status(403), false),
        (.status(404), false), (.status(413), false), (.status(422), false), (.status(408), true),
        (.status(429), true), (.status(500), true), (.status(502), true), (.status(503), true), (.status(504), true),
        (.unreachable, true), (.connection, true), (.inBand, true), (.truncated, true), (.malformed, false),
        (.replaced, true),
    ])
    func retriesByKind(_ kind: GenerationFailure.Kind, retries: Bool) {
        let failure = GenerationFailure(kind, "")
        let action = RetryPolicy.action(for: failure, retries: 0, canContinue: true, jitter: 1)
        #expect(action == (retries ? .retry(after: .seconds(0.5)) : .giveUp))
        #expect(RetryPolicy.action(for: failure, retries: 2, canContinue: true, jitter: 1) == .giveUp)
        #expect(RetryPolicy.action(for: failure, retries: 0, canContinue: false, jitter: 1) == .giveUp)
    }

    @Test func waitsAsAskedUpToTwoMinutes() {
        func action(_ wait: Duration?, code: String? = nil, should: Bool? = nil) -> RetryPolicy.Action {
            RetryPolicy.action(
                for: GenerationFailure(.status(429), "", code: code, retryAfter: wait, shouldRetry: should),
                retries: 1, canContinue: true, jitter: 0.5)
        }
        #expect(action(nil) == .retry(after: .seconds(0.5)))
        #expect(action(.zero) == .retry(after: .zero))
        #expect(action(.seconds(120)) == .retry(after: .seconds(120)))
        #expect(action(.seconds(3600)) == .giveUp)
        #expect(action(nil, code: "insufficient_quota") == .giveUp)
        #expect(action(nil, should: false) == .giveUp)
    }

    @Test func waitersAreServedInOrderAndLeaveWhenCancelled() async throws {
        let pool = EndpointPool(capacities: [1]) { .zero }
        let first = try await pool.lease(preferring: nil)
        #expect(pool.leaseIfIdle(preferring: nil) == nil)
        let cancelled = Task { try await pool.lease(preferring: nil) }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        let second = Task { try await pool.lease(preferring: nil) }
        first.end(.success)
        let lease = try await second.value
        #expect(pool.limits[0].inFlight == 1)
        lease.end(.success)
        lease.end(.success)
        #expect(pool.limits[0].inFlight == 0)
        // A lease that is let go of gives its place back.
        _ = try await pool.lease(preferring: nil)
        #expect(pool.limits[0].inFlight == 0)
    }
}
