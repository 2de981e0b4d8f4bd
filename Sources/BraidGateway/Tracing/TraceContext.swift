/// A place in a trace, as `traceparent` carries it (W3C Trace Context, level 1).
struct TraceContext: Sendable, Hashable, CustomStringConvertible {
    /// The trace: 32 hexadecimal digits, not all 0.
    let trace: String
    /// The span: 16 hexadecimal digits, not all 0.
    let span: String
    /// Whether somebody records the trace.
    let isSampled: Bool

    /// Begins a trace.
    init(isSampled: Bool = false) {
        self.init(trace: Self.random(32), span: Self.random(16), isSampled: isSampled)
    }

    private init(trace: String, span: String, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// Reads a header; nil when it is malformed.
    init?(_ header: String?) {
        let parts = (header ?? "").split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            Self.isHex(parts[1], 32), parts[1].contains(where: { $0 != "0" }), Self.isHex(parts[2], 16),
            parts[2].contains(where: { $0 != "0" }), Self.isHex(parts[3], 2), let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        self.init(trace: String(parts[1]), span: String(parts[2]), isSampled: flags & 1 == 1)
    }

    /// A new span of the same trace.
    var child: TraceContext { TraceContext(trace: trace, span: Self.random(16), isSampled: isSampled) }

    /// The header's value.
    var description: String { "00-\(trace)-\(span)-\(isSampled ? "01" : "00")" }

    private static func isHex(_ text: Substring, _ length: Int) -> Bool {
        text.utf8.count == length
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    private static func random(_ digits: Int) -> String {
        var text = (0..<digits).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
        // All zeros would be no name.
        if text.allSatisfy({ $0 == "0" }) { text = String(text.dropLast()) + "1" }
        return text
    }
}
