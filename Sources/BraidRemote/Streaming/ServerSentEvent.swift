/// One event of a `text/event-stream`.
public struct ServerSentEvent: Sendable, Hashable {
    /// Its type; `message` unless the stream says otherwise.
    public var type: String
    /// Its data lines, joined by line feeds; not necessarily UTF-8.
    public var data: [UInt8]

    /// Creates an event.
    public init(type: String = "message", data: [UInt8]) {
        self.type = type
        self.data = data
    }
}
