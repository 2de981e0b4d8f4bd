/// Where a run stands.
public enum RunStatus: String, Sendable, Codable, CaseIterable {
    /// It goes on.
    case running
    /// It came to its end by itself.
    case finished
    /// A budget, a deadline or the context's end cut it.
    case incomplete
    /// Something threw.
    case failed
    /// Somebody stopped it.
    case cancelled
}
