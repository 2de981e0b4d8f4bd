/// Finds a dialect's tags in text that arrives in pieces, for engines that give text and no token ids.
///
/// Feed it only what a model wrote: it cannot tell a tag from a user's characters that look like one.
package struct TagScanner: Sendable {
    /// What the scanner found.
    package enum Element: Sendable, Hashable {
        /// Plain text.
        case text(String)
        /// A whole tag.
        case tag(String)
    }

    /// Longest first, so that a tag that begins like another one wins.
    private let tags: [[UInt8]]
    /// For each byte, whether a tag begins with it.
    private let begins: [Bool]
    /// A possible beginning of a tag, not yet decided.
    private var held: [UInt8] = []
    /// Bytes looked at so far, those counted again that were held.
    private(set) var examinedBytes = 0

    /// Creates a scanner for these tags.
    package init(tags: Set<String>) {
        self.tags = tags.map { Array($0.utf8) }.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
        var begins = Array(repeating: false, count: 256)
        for tag in self.tags { begins[Int(tag[0])] = true }
        self.begins = begins
    }

    /// Takes the next piece of text.
    /// - Complexity: O(length of the piece × number of tags).
    package mutating func consume(_ text: String) -> [Element] {
        // Most text has nothing in it that could begin a tag.
        if held.isEmpty, !text.utf8.contains(where: { begins[Int($0)] }) {
            examinedBytes += text.utf8.count
            return text.isEmpty ? [] : [.text(text)]
        }
        return scan(held + text.utf8, isLast: false)
    }

    /// Gives what was held back.
    package mutating func finish() -> [Element] {
        scan(held, isLast: true)
    }

    private mutating func scan(_ bytes: [UInt8], isLast: Bool) -> [Element] {
        held = []
        examinedBytes += bytes.count
        var elements: [Element] = []
        var textStart = 0
        var index = 0
        while index < bytes.count {
            guard begins[Int(bytes[index])] else {
                index += 1
                continue
            }
            var matched: [UInt8]?
            var mayBecome = false
            for tag in tags where tag[0] == bytes[index] {
                let rest = bytes[index...].prefix(tag.count)
                if rest.elementsEqual(tag) {
                    matched = tag
                    break
                }
                if !isLast, rest.count < tag.count, tag.starts(with: rest) {
                    mayBecome = true
                    break
                }
            }
            if let matched {
                Self.append(bytes[textStart..<index], to: &elements)
                elements.append(.tag(String(decoding: matched, as: UTF8.self)))
                index += matched.count
                textStart = index
            } else if mayBecome {
                held = Array(bytes[index...])
                Self.append(bytes[textStart..<index], to: &elements)
                return elements
            } else {
                index += 1
            }
        }
        Self.append(bytes[textStart...], to: &elements)
        return elements
    }

    private static func append(_ bytes: ArraySlice<UInt8>, to elements: inout [Element]) {
        if !bytes.isEmpty { elements.append(.text(String(decoding: bytes, as: UTF8.self))) }
    }
}
