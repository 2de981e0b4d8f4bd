/// How long something is waited for that no run watches over, and by whom it is ended before.
struct Patience: Sendable {
    /// How often it is looked whether the server is about to end.
    private static let interval = Duration.milliseconds(100)

    /// Longest wait for one piece of an answer; nil for as long as all of it may take.
    private let silence: Duration?
    /// Longest time for all of it; nil for as long as it takes.
    private let deadline: Duration?
    /// Whether the server waits for nothing any longer.
    private let isCut: @Sendable () -> Bool
    private let start = ContinuousClock.now

    /// Begins to wait.
    init(silence: Duration? = nil, deadline: Duration?, isCut: @escaping @Sendable () -> Bool) {
        self.silence = silence
        self.deadline = deadline
        self.isCut = isCut
    }

    /// Waits for something, and cancels it when it takes too long.
    /// - Throws: `OpenAIError` of status 503 or 504, and what the body throws.
    func wait<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { tasks in
            tasks.addTask { try await body() }
            tasks.addTask { throw try await reasonToStop() }
            defer { tasks.cancelAll() }
            guard let result = try await tasks.next() else { throw CancellationError() }
            return result
        }
    }

    private func reasonToStop() async throws -> OpenAIError {
        let now = ContinuousClock.now
        while true {
            if isCut() { return .shuttingDown }
            if let silence, now.duration(to: .now) >= silence { return .idle(seconds: Int(silence.components.seconds)) }
            if let deadline, start.duration(to: .now) >= deadline {
                return .deadline(seconds: Int(deadline.components.seconds))
            }
            try await Task.sleep(for: min(Self.interval, silence ?? Self.interval, deadline ?? Self.interval))
        }
    }
}
