/// One page of a list of runs.
public struct RunPage: Sendable, Hashable {
    /// The runs, newest first, without their records.
    public var runs: [StoredRun]
    /// Where the next page begins; nil when this is the last.
    public var next: RunCursor?

    /// Creates a page.
    public init(runs: [StoredRun], next: RunCursor? = nil) {
        self.runs = runs
        self.next = next
    }
}
