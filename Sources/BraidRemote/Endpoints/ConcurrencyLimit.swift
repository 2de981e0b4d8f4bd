/// How many requests one endpoint may have at once: additive increase, multiplicative decrease (Chiu and Jain, Computer
/// Networks and ISDN Systems 17, 1989), as a pure value.
struct ConcurrencyLimit: Sendable, Hashable {
    /// Most that the limit can become: the endpoint's capacity.
    let maximum: Int
    /// The limit now.
    private(set) var current: Double
    /// Requests under way.
    private(set) var inFlight = 0
    /// Counts decreases, so that requests that began before one do not cause another.
    private(set) var generation = 0

    /// Begins at the endpoint's capacity, at least 1.
    init(maximum: Int) {
        self.maximum = max(1, maximum)
        current = Double(self.maximum)
    }

    /// Whether another request may begin.
    var hasRoom: Bool { inFlight < Int(current) }

    /// Notes that a request begins, and gives what ``end(_:generation:)`` wants.
    mutating func begin() -> Int {
        inFlight += 1
        return generation
    }

    /// Notes that a request ended.
    /// - Parameters:
    ///   - outcome: How.
    ///   - generation: What ``begin()`` gave.
    mutating func end(_ outcome: EndpointOutcome, generation: Int) {
        let wasFull = !hasRoom
        inFlight = max(0, inFlight - 1)
        switch outcome {
        case .success:
            // The limit is not raised by load that does not reach it.
            if wasFull { current = min(Double(maximum), current + 1 / current) }
        case .overloaded:
            guard generation == self.generation else { return }
            self.generation += 1
            current = max(1, current / 2)
        case .failure, .neutral: break
        }
    }
}
