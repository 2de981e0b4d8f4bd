/// How far a stored run has come.
public enum RunStatus: String, Sendable, Hashable, Codable, CaseIterable {
    /// It goes on in a process that lives.
    case running
    /// It gave a complete answer.
    case finished
    /// A budget, a deadline or the model's own end left it without a complete answer.
    case incomplete
    /// Something threw, or the process that ran it ended.
    case failed
    /// Somebody stopped it.
    case cancelled
}
