/// The JSON text of a request's body, checked whole and kept as it came.
///
/// A reader of its own, because a body comes from anybody. What Foundation offers is looser than a server may be: it
/// guesses UTF-16 and UTF-32, lets lone surrogates and a byte order mark pass, recurses some hundred levels deep, and
/// turns numbers to `Double` before anyone can tell 2^63 from its neighbour; and `Decodable` says nothing of the fields
/// it did not look at, which have to be reported. Here the text is walked over once without recursion, each value is
/// twelve bytes beside it, and strings and numbers are read only where they are asked for; so the time is linear, the
/// memory at most some seven times the body, and any part can be passed on byte for byte.
///
/// Of members with the same name the last one counts.
final class JSONDocument: Sendable {
    /// Where a value stands. What it is, its first byte says.
    struct Node: Sendable {
        /// Offset of its first byte.
        var start: UInt32
        /// Offset after its last byte.
        var end: UInt32
        /// Index of the node after it and all that is in it.
        var next: UInt32
    }

    /// Levels of arrays and objects inside each other.
    static let maximumDepth = 64

    /// The text.
    let bytes: [UInt8]
    /// All values, in the order of their first bytes; the names of members stand before their values.
    let nodes: [Node]

    /// Checks a text.
    /// - Throws: ``OpenAIError`` 400 `invalid_json`, which names the line and the column.
    /// - Complexity: O(number of bytes).
    init(_ bytes: [UInt8]) throws(OpenAIError) {
        var scanner = JSONScanner(bytes, maximumDepth: Self.maximumDepth)
        try scanner.scan()
        self.bytes = bytes
        nodes = scanner.nodes
    }

    /// The whole value.
    var root: JSONField { JSONField(self, node: 0, path: "") }

    /// The text of an object with some members left out and the values of others exchanged.
    ///
    /// What is kept is kept byte for byte, so that a body can be passed on without its numbers and texts being rewritten.
    func object(without left: Set<String>, replacing values: [String: [UInt8]]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        var index = 1
        while root.kind == .object, index + 1 < nodes.count {
            let name = JSONField(self, node: index, path: "")
            let value = nodes[index + 1]
            index = Int(value.next)
            if left.contains(name.decodedString) { continue }
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            if let value = values[name.decodedString] {
                text += name.raw
                text.append(UInt8(ascii: ":"))
                text += value
            } else {
                text += bytes[name.raw.startIndex..<Int(value.end)]
            }
        }
        text.append(UInt8(ascii: "}"))
        return text
    }
}
