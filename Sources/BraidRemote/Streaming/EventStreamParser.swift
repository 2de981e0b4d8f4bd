/// Reads a `text/event-stream` byte by byte (WHATWG HTML, section 9.2.6): the same bytes give the same events however they
/// are split.
///
/// Lines end with LF, CR or CRLF; lines that begin with a colon are comments, which engines send to keep a connection
/// alive; a byte order mark at the beginning is skipped. Data stays bytes, so that a character cut in two by the network
/// is whole again before anybody decodes it. Other than the standard, ``finish()`` gives the last event even when the
/// blank line after it is missing: some servers leave it out, and a half event does not parse anyway.
public struct EventStreamParser: Sendable {
    /// Most bytes of one event.
    public let limit: Int

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var type = ""
    private var lastWasReturn = false
    private var isFirstLine = true

    /// Creates a parser at the beginning of a stream.
    public init(limit: Int = 4 << 20) {
        self.limit = limit
    }

    /// Takes the next bytes and returns the events that they complete.
    /// - Throws: ``EventStreamError``; the stream cannot be read on then.
    public mutating func consume(_ bytes: some Sequence<UInt8>) throws(EventStreamError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            defer { lastWasReturn = byte == 0x0D }
            switch byte {
            case 0x0A where lastWasReturn: break
            case 0x0A, 0x0D: endLine(&events)
            default:
                line.append(byte)
                guard line.count + data.count <= limit else { throw .eventTooLong(limit: limit) }
            }
        }
        return events
    }

    /// Ends the stream and returns the event that was not ended by a blank line, if there is one.
    public mutating func finish() -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        if !line.isEmpty { endLine(&events) }
        endLine(&events)
        return events
    }

    private mutating func endLine(_ events: inout [ServerSentEvent]) {
        if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        isFirstLine = false
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            if hasData { events.append(ServerSentEvent(type: type.isEmpty ? "message" : type, data: data)) }
            data = []
            hasData = false
            type = ""
            return
        }
        guard line[0] != UInt8(ascii: ":") else { return }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data":
            if hasData { data.append(0x0A) }
            data += value
            hasData = true
        case "event": type = String(decoding: value, as: UTF8.self)
        default: break
        }
    }
}
