/// One fork with the threads that came of it.
public struct Fork: Sendable, Hashable, Codable {
    /// The outlines as the model wrote them; empty when a method forked without outlines.
    public var outlines: [Outline]
    /// The threads in outline order.
    public var threads: [ReasoningThread]
    /// How they came back; nil when they did not.
    public var join: Dialect.Join?
    /// Decoded tokens of the block's outline list, opening tags included (`q_b` in ``TrajectoryMetrics``).
    public var outlineTokens: Int

    /// Creates a fork.
    public init(outlines: [Outline], threads: [ReasoningThread], join: Dialect.Join?, outlineTokens: Int) {
        self.outlines = outlines
        self.threads = threads
        self.join = join
        self.outlineTokens = outlineTokens
    }
}
