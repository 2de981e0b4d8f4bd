/// Names a job of the scheduler; never used twice.
struct JobID: Hashable, Sendable {
    /// Counts up from 0.
    let value: Int
}
