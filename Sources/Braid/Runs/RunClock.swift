/// The time that has passed in one run, by whatever clock it was given.
struct RunClock: Sendable {
    /// Time since the run began.
    let elapsed: @Sendable () -> Duration
    /// Waits until this much time has passed since the run began.
    let sleep: @Sendable (Duration) async throws -> Void

    /// Begins to measure now.
    init<C: Clock>(_ clock: C) where C.Duration == Duration {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }

    /// Time since the run began, in seconds.
    var seconds: Double {
        let components = elapsed().components
        return Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
