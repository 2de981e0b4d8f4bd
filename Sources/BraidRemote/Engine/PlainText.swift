/// Keeps text that came from a user or a thread from being read as control tokens by engines that look for them.
struct PlainText: Sendable {
    private let tags: [[UInt8]]

    /// Guards against these tags, and against everything that begins as chat templates' tokens do, `<|`.
    init(tags: some Sequence<String>) {
        self.tags = (Array(tags) + ["<|"]).map { Array($0.utf8) }.filter { $0.count > 1 }
    }

    /// The text in parts, none of which has a tag: a tag is cut after its first byte. Put together, they are the text.
    /// - Complexity: O(length of the text × number of tags).
    func parts(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        var parts: [String] = []
        var start = 0
        for index in bytes.indices where index >= start {
            guard bytes[index] < 0x80, tags.contains(where: { bytes[index...].starts(with: $0) }) else { continue }
            parts.append(String(decoding: bytes[start...index], as: UTF8.self))
            start = index + 1
        }
        if start < bytes.count { parts.append(String(decoding: bytes[start...], as: UTF8.self)) }
        return parts
    }

    /// The text with a zero-width space in every tag, for engines that take text only; and how many there were.
    func broken(_ text: String) -> (text: String, count: Int) {
        let parts = parts(text)
        return (parts.joined(separator: "\u{200B}"), max(0, parts.count - 1))
    }
}
