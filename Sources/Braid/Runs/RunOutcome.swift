/// What a run leaves behind.
public struct RunOutcome: Sendable, Hashable, Codable {
    /// What was answered, or why nothing was.
    public var answer: Answer
    /// The complete record.
    public var trajectory: Trajectory
    /// Figures of the record.
    public var metrics: TrajectoryMetrics

    /// Creates an outcome.
    public init(answer: Answer, trajectory: Trajectory) {
        self.answer = answer
        self.trajectory = trajectory
        self.metrics = TrajectoryMetrics(trajectory)
    }
}
