import Braid

/// What `braid ask --json` prints.
struct AskReport: Encodable {
    /// Figures under the names of the command line's contract.
    struct Metrics: Encodable {
        let totalTokens: Int
        let criticalPathTokens: Int
        let forks: Int
        let threads: Int
        let maxDepth: Int
        let maxContextTokens: Int
        let wallSeconds: Double
        let structureValid: Bool

        init(_ metrics: TrajectoryMetrics) {
            totalTokens = metrics.totalTokens
            criticalPathTokens = metrics.criticalPathTokens
            forks = metrics.forks
            threads = metrics.threads
            maxDepth = metrics.maximumDepth
            maxContextTokens = metrics.maximumContextTokens
            wallSeconds = metrics.wallSeconds
            structureValid = metrics.isStructureValid
        }
    }

    private enum CodingKeys: String, CodingKey {
        case question, answer, verified, method, model, engine, seed, metrics, trajectory, incomplete
    }

    private let trajectory: Trajectory

    /// Reports a finished run.
    init(_ trajectory: Trajectory) {
        self.trajectory = trajectory
    }

    /// Writes `answer` and `verified` even where they are null, and `incomplete` only where the run is.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(trajectory.question.text, forKey: .question)
        try container.encode(trajectory.answer?.text, forKey: .answer)
        try container.encode(trajectory.verified, forKey: .verified)
        try container.encode(trajectory.method, forKey: .method)
        try container.encode(trajectory.model, forKey: .model)
        try container.encode(trajectory.engine, forKey: .engine)
        try container.encode(trajectory.seed, forKey: .seed)
        try container.encode(Metrics(TrajectoryMetrics(trajectory)), forKey: .metrics)
        try container.encode(trajectory, forKey: .trajectory)
        try container.encodeIfPresent(trajectory.answer?.cause, forKey: .incomplete)
    }
}

extension Answer {
    /// Why the run did not come to its end by itself, in words; nil when it did.
    var cause: String? {
        whyIncomplete ?? (outcome == .finished ? nil : outcome.description)
    }
}
