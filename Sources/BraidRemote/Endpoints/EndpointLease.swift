internal import Synchronization

/// One request's place at an endpoint, given back by ``end(_:)`` or when it is let go of.
final class EndpointLease: Sendable {
    /// Which endpoint.
    let endpoint: Int
    private let generation: Int
    private let pool: EndpointPool
    private let hasEnded = Atomic(false)

    init(_ endpoint: Int, generation: Int, pool: EndpointPool) {
        self.endpoint = endpoint
        self.generation = generation
        self.pool = pool
    }

    deinit { end(.neutral) }

    /// Gives the place back; the first call counts.
    func end(_ outcome: EndpointOutcome) {
        guard !hasEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        pool.end(endpoint, outcome, generation: generation)
    }
}
