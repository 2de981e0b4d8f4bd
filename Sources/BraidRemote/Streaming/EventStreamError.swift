/// Why an event stream cannot be read on.
public enum EventStreamError: Error, Sendable, Hashable {
    /// An event has more bytes than the parser takes.
    case eventTooLong(limit: Int)
}
