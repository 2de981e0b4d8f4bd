import Braid
import BraidStore
import Foundation

/// A run in a list of runs.
struct RunSummary: Sendable {
    /// The run.
    var id: String
    /// When it began, in seconds since 1970.
    var created: Double
    /// Where it stands.
    var status: RunStatus
    /// What was asked.
    var question: String
    /// How it reasons.
    var method: String
    /// What the request called the model.
    var model: String
    /// What runs it.
    var engine: String
    /// What was answered; nil for nothing yet, or nothing at all.
    var answer: String?
    /// Whether the answer is right, where that can be told.
    var verified: Bool?
    /// Figures, once it is over.
    var metrics: TrajectoryMetrics?

    /// It as the routes about trajectories tell it.
    var json: JSONObject {
        var object = JSONObject()
        object.add("id", id)
        object.add("created_at", created)
        object.add("status", status.rawValue)
        object.add("question", question)
        object.add("method", method)
        object.add("model", model)
        object.add("engine", engine)
        object.add("answer", answer)
        object.add("verified", verified)
        object.add("metrics", metrics.map(Self.json))
        return object
    }

    /// Figures by the names that the routes use.
    static func json(_ metrics: TrajectoryMetrics) -> JSONObject {
        var object = JSONObject()
        object.add("total_tokens", metrics.totalTokens)
        object.add("critical_path_tokens", metrics.criticalPathTokens)
        object.add("prefilled_tokens", metrics.prefilledTokens)
        object.add("forks", metrics.forks)
        object.add("threads", metrics.threads)
        object.add("widest_fork", metrics.widestFork)
        object.add("max_depth", metrics.maximumDepth)
        object.add("max_context_tokens", metrics.maximumContextTokens)
        object.add("seconds", metrics.wallSeconds)
        object.add("structure_valid", metrics.isStructureValid)
        object.add("acceleration", metrics.acceleration)
        return object
    }
}
