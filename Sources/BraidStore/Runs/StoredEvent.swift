/// One event of a run as the store keeps it: what a reader of the run's stream gets again.
public struct StoredEvent: Sendable, Hashable {
    /// Its place in the run's stream.
    public var sequence: Int
    /// What happened.
    public var type: String
    /// The particulars: one JSON object.
    public var data: String

    /// Creates an event.
    public init(sequence: Int, type: String, data: String) {
        self.sequence = sequence
        self.type = type
        self.data = data
    }
}
