/// Keeps requests from an endpoint that fails again and again, as a pure value: open after 5 failures in a row, until the
/// endpoint says that it is well; where nobody asks it for 30 seconds, one request may try whether it works again.
struct CircuitBreaker: Sendable, Hashable {
    private enum State: Sendable, Hashable {
        case closed(failures: Int)
        case open(since: Duration)
        case halfOpen
    }

    private static let failureLimit = 5
    private static let pause = Duration.seconds(30)

    private var state = State.closed(failures: 0)

    /// Whether a request may go now.
    func allows(at now: Duration) -> Bool {
        switch state {
        case .closed: true
        case .open(let since): now - since >= Self.pause
        case .halfOpen: false
        }
    }

    /// Whether the endpoint works, as far as is known.
    var isClosed: Bool {
        if case .closed = state { true } else { false }
    }

    /// Notes that a request goes; after a pause it is the only one until it ended.
    mutating func begin() {
        if case .open = state { state = .halfOpen }
    }

    /// Notes how a request ended.
    mutating func end(_ outcome: EndpointOutcome, at now: Duration) {
        switch (outcome, state) {
        case (.success, _), (.overloaded, .halfOpen): state = .closed(failures: 0)
        case (.failure, .closed(let failures)):
            state = failures + 1 >= Self.failureLimit ? .open(since: now) : .closed(failures: failures + 1)
        case (.failure, .halfOpen), (.neutral, .halfOpen): state = .open(since: now)
        case (.failure, .open), (.overloaded, _), (.neutral, _): break
        }
    }

    /// Notes that there is no endpoint yet.
    mutating func absent(at now: Duration) { state = .open(since: now) }

    /// Notes that the endpoint said that it is well: requests may go, and the first that fails is one too many.
    mutating func answered() {
        if !isClosed { state = .closed(failures: Self.failureLimit - 1) }
    }

    /// Notes that the endpoint did not say that it is well.
    mutating func missed(at now: Duration) {
        if case .open = state { state = .open(since: now) } else { end(.failure, at: now) }
    }
}
