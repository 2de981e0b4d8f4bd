public import Braid
public import Foundation

/// One run as the store keeps it.
public struct StoredRun: Sendable, Hashable {
    /// Its id, unique in the store; ids that sort by time keep runs of the same moment in order.
    public var id: String
    /// Whose it is: the name of the key that started it; empty when there are no keys.
    public var owner: String
    /// When it was asked; the store keeps microseconds.
    public var created: Date
    /// How far it has come.
    public var status: RunStatus
    /// Why it did not finish, in words; nil when it did, and while it runs.
    public var reason: String?
    /// What was asked.
    public var question: String
    /// Name of the method.
    public var method: String
    /// Name of the model.
    public var model: String
    /// Name of the engine.
    public var engine: String
    /// What was answered; nil when nothing was.
    public var answer: String?
    /// Whether a verifier accepted the answer; nil when none looked.
    public var verified: Bool?
    /// Figures of its record; nil while it runs.
    public var metrics: TrajectoryMetrics?
    /// Its complete record; nil in lists, while it runs, and when its process ended before it did.
    public var trajectory: Trajectory?

    /// Creates the entry of a run that begins.
    public init(
        id: String, owner: String = "", created: Date, question: String, method: String, model: String, engine: String
    ) {
        self.id = id
        self.owner = owner
        self.created = created
        self.status = .running
        self.question = question
        self.method = method
        self.model = model
        self.engine = engine
    }
}
