/// The path and query of a request, in one normal form, so that no other spelling of an address is another address.
struct RequestPath: Sendable, Hashable {
    /// The parts of the path, decoded; none of them empty, `.` or `..`.
    let segments: [String]
    /// The values of the query by their names, decoded; of a repeated name the last.
    let query: [String: String]

    /// Reads a request's target, in origin or absolute form; nil when it has parts that no address here has.
    init?(_ target: String) {
        var rest = target[...]
        if let end = rest.firstIndex(of: "#") { rest = rest[..<end] }
        var query = rest[rest.endIndex...]
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        if !rest.hasPrefix("/") {
            guard rest.hasPrefix("http://") || rest.hasPrefix("https://"),
                let authority = rest.firstIndex(of: ":").map({ rest.index($0, offsetBy: 3) })
            else { return nil }
            rest = rest[authority...]
            rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
        }
        var segments: [String] = []
        for part in rest.split(separator: "/") {
            guard let segment = Self.decoded(part, plusIsSpace: false), segment != ".", segment != "..",
                !segment.utf8.contains(where: { $0 < 32 || $0 == 127 || $0 == UInt8(ascii: "\\") })
            else { return nil }
            segments.append(segment)
        }
        self.segments = segments
        var values: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0], plusIsSpace: true),
                let value = Self.decoded(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { return nil }
            values[name] = value
        }
        self.query = values
    }

    /// Text with its `%` sequences decoded; nil when they are malformed or no UTF-8.
    private static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
