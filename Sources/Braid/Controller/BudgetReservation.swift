/// A part of a budget that was set aside for a run inside a run.
public struct BudgetReservation: Sendable, Hashable {
    /// Tokens of all its lines.
    public var tokens: Int
    /// Threads in all.
    public var threads: Int

    /// Creates a reservation.
    public init(tokens: Int, threads: Int) {
        self.tokens = tokens
        self.threads = threads
    }
}
