import Synchronization

/// A clock that stands still until a test moves it; whoever sleeps on it sleeps until cancelled.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }

        func duration(to other: Instant) -> Duration { other.offset - offset }
    }

    private let state = Mutex(Instant(offset: .zero))

    var now: Instant { state.withLock { $0 } }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws { try await Servers.never() }

    func pass(_ duration: Duration) { state.withLock { $0.offset += duration } }
}
