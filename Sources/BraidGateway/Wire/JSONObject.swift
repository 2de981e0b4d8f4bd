/// A JSON object that is written field by field, in order.
struct JSONObject: Sendable, Hashable {
    private var content: [UInt8] = [UInt8(ascii: "{")]

    /// Creates an empty object.
    init() {}

    /// The object's text.
    var bytes: [UInt8] { content + [UInt8(ascii: "}")] }

    /// Adds a text; null for nil.
    mutating func add(_ name: String, _ value: String?) {
        begin(name)
        if let value { JSONEscape.append(value, to: &content) } else { content += Self.null }
    }

    /// Adds a number; null for nil.
    mutating func add(_ name: String, _ value: Int?) {
        begin(name)
        content += value.map { Array("\($0)".utf8) } ?? Self.null
    }

    /// Adds a number; null for nil and for what is not finite.
    mutating func add(_ name: String, _ value: Double?) {
        begin(name)
        if let value, value.isFinite { content += "\(value)".utf8 } else { content += Self.null }
    }

    /// Adds a truth; null for nil.
    mutating func add(_ name: String, _ value: Bool?) {
        begin(name)
        content += value.map { Array(($0 ? "true" : "false").utf8) } ?? Self.null
    }

    /// Adds an object; null for nil.
    mutating func add(_ name: String, _ value: JSONObject?) {
        begin(name)
        content += value?.bytes ?? Self.null
    }

    /// Adds a list of objects.
    mutating func add(_ name: String, _ values: [JSONObject]) {
        begin(name)
        content.append(UInt8(ascii: "["))
        content += values.map(\.bytes).joined(separator: [UInt8(ascii: ",")])
        content.append(UInt8(ascii: "]"))
    }

    /// Adds a list of texts.
    mutating func add(_ name: String, _ values: [String]) {
        begin(name)
        content.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { content.append(UInt8(ascii: ",")) }
            JSONEscape.append(value, to: &content)
        }
        content.append(UInt8(ascii: "]"))
    }

    /// Adds a value that is JSON already.
    mutating func add(_ name: String, json: [UInt8]) {
        begin(name)
        content += json
    }

    private static let null = Array("null".utf8)

    private mutating func begin(_ name: String) {
        if content.count > 1 { content.append(UInt8(ascii: ",")) }
        JSONEscape.append(name, to: &content)
        content.append(UInt8(ascii: ":"))
    }
}
