/// Spans that wait to be sent: a pure value that is bounded, so that a collector that is gone costs spans and not memory.
struct SpanQueue<Span: Sendable>: Sendable {
    /// Most spans of one request.
    static var batch: Int { 512 }
    /// Most spans that wait.
    static var limit: Int { 8192 }

    private var waiting: [Span] = []
    /// Spans for which there was no place.
    private(set) var dropped = 0

    /// Adds a span, if there is a place for it.
    mutating func add(_ span: Span) {
        if waiting.count < Self.limit { waiting.append(span) } else { dropped += 1 }
    }

    /// Takes the spans of the next request, the oldest first.
    mutating func next() -> [Span] {
        let next = Array(waiting.prefix(Self.batch))
        waiting.removeFirst(next.count)
        return next
    }
}
