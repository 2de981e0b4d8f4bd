/// Bounds how long something may take, by a clock that tests can hold still.
struct TimeLimit: Sendable {
    /// Waits on the clock.
    let wait: @Sendable (Duration) async throws -> Void

    /// Waits as `wait` does.
    init(wait: @escaping @Sendable (Duration) async throws -> Void) {
        self.wait = wait
    }

    /// Measures by a clock.
    init(_ clock: some Clock<Duration>) {
        wait = { try await clock.sleep(for: $0) }
    }

    /// Does something that must not take longer than `limit`, and cancels it if it does.
    /// - Throws: ``TransportError/silent(_:)``, and what the body throws.
    func within<Result: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await wait(limit)
                throw TransportError.silent(limit)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
