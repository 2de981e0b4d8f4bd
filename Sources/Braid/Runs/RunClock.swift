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

    /// The same clock, for a run inside a run, which begins now.
    func restarted() -> RunClock {
        let (elapsed, sleep) = (elapsed, sleep)
        let start = elapsed()
        return RunClock(elapsed: { elapsed() - start }, sleep: { try await sleep(start + $0) })
    }

    private init(
        elapsed: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.elapsed = elapsed
        self.sleep = sleep
    }

    /// Time since the run began, in seconds.
    var seconds: Double {
        let components = elapsed().components
        return Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
