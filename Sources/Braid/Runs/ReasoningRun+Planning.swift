import Synchronization

/// What a method that steers itself may know and do.
extension ReasoningRun {
    /// Most threads that may run at the same time: what the budget allows and the engine makes worthwhile.
    public var availableWidth: Int {
        state.withLock { max(1, min($0.width, budget.maximumThreads)) }
    }

    /// Most threads that the budget allows in all.
    public var availableThreads: Int { budget.maximumThreads }

    /// Longest context in tokens.
    public var contextLength: Int { engineDescription.contextLength }

    /// The engine's model.
    public var modelName: String { engineDescription.model }

    /// Time since the run began.
    public var elapsed: Duration { state.withLock { $0.clock }.elapsed() }

    /// Waits until so much time has passed since the run began.
    public func wait(until time: Duration) async throws {
        try await state.withLock { $0.clock }.sleep(time)
    }

    /// Writes down and tells what the method decided for the main line.
    public func decide(_ action: ControllerDecision.Action, _ reason: String) {
        decide(action, TrajectoryRecorder.root, reason)
    }
}
