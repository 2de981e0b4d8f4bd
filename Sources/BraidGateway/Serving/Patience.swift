/// How long a model's server is waited for by a request that no run watches over.
struct Patience: Sendable {
    /// Longest wait for the next piece of an answer.
    private let silence: Duration
    /// Longest time for all of it; nil for as long as it takes.
    private let deadline: Duration?
    private let start = ContinuousClock.now

    /// Begins to wait.
    init(silence: Duration, deadline: Duration?) {
        self.silence = silence
        self.deadline = deadline
    }

    /// Waits for something, and cancels it when it takes too long.
    /// - Throws: `OpenAIError` of status 504, and what the body throws.
    func wait<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let left = deadline.map { $0 - start.duration(to: .now) }
        let late: OpenAIError
        if let left, let deadline, left < silence {
            late = .deadline(seconds: Int(deadline.components.seconds))
        } else {
            late = .idle(seconds: Int(silence.components.seconds))
        }
        let limit = min(silence, left ?? silence)
        return try await withThrowingTaskGroup(of: Result.self) { tasks in
            tasks.addTask { try await body() }
            tasks.addTask {
                try await Task.sleep(for: max(.zero, limit))
                throw late
            }
            defer { tasks.cancelAll() }
            guard let result = try await tasks.next() else { throw CancellationError() }
            return result
        }
    }
}
