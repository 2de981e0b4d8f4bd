/// Numbers of a request that methods may take; nil for a method's own.
public struct MethodSettings: Sendable, Hashable {
    /// Answers that are drawn, drafts, or next steps.
    public var samples: Int?
    /// Lines of thought that run side by side.
    public var workers: Int?

    /// Creates settings.
    public init(samples: Int? = nil, workers: Int? = nil) {
        self.samples = samples
        self.workers = workers
    }
}
