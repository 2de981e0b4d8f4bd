/// What a thread claims by what it returned.
public struct ReturnClaim: Sendable, Hashable {
    /// The return as the thread wrote it, without surrounding white space.
    public var text: String
    /// What the thread was to do, if it was said.
    public var subtask: String?
    /// 1 for threads of the main line, 2 for theirs, and so on.
    public var depth: Int

    /// Creates a claim.
    public init(_ text: String, subtask: String? = nil, depth: Int = 1) {
        self.text = text
        self.subtask = subtask
        self.depth = depth
    }
}
