/// Finds added tokens in text: the leftmost, and of those that start there the longest.
struct AddedTokenMatcher: Sendable {
    /// A found token and the bytes that it replaces.
    struct Match: Sendable, Hashable {
        let id: Int32
        let range: Range<Int>
    }

    private struct Node: Sendable {
        /// The index in `tokens` of the token that ends here, or -1.
        var token: Int32 = -1
        var children: [UInt8: Int32] = [:]
    }

    private var nodes = [Node()]
    private let tokens: [AddedToken]

    /// Whether there is nothing to find.
    var isEmpty: Bool { tokens.isEmpty }

    /// Builds the search tree.
    ///
    /// - Complexity: O(total length of the tokens).
    init(_ tokens: [AddedToken], spelling: (AddedToken) -> [UInt8] = { Array($0.content.utf8) }) {
        let spelled = tokens.map { (token: $0, bytes: spelling($0)) }.filter { !$0.bytes.isEmpty }
        self.tokens = spelled.map(\.token)
        for (index, entry) in spelled.enumerated() {
            var node = 0
            for byte in entry.bytes {
                if let child = nodes[node].children[byte] {
                    node = Int(child)
                } else {
                    nodes.append(Node())
                    nodes[node].children[byte] = Int32(truncatingIfNeeded: nodes.count - 1)
                    node = nodes.count - 1
                }
            }
            nodes[node].token = Int32(truncatingIfNeeded: index)
        }
    }

    /// All matches in `text`, in order and without overlap; control tokens in trusted text only.
    ///
    /// - Complexity: O(length of `text` x length of the longest token) at worst; usually O(length of `text`).
    func matches(in marked: MarkedText) -> [Match] {
        guard !isEmpty else { return [] }
        let text = marked.bytes
        var matches: [Match] = []
        var free = 0  // everything before this belongs to an earlier match
        var position = 0
        while position < text.count {
            guard nodes[0].children[text[position]] != nil, let (index, end) = longest(in: marked, at: position) else {
                position += 1
                continue
            }
            let token = tokens[index]
            var range = position..<end
            if token.stripsLeft {
                range = max(free, Self.startOfWhiteSpace(before: range.lowerBound, in: text))..<range.upperBound
            }
            if token.stripsRight {
                range = range.lowerBound..<Self.endOfWhiteSpace(after: range.upperBound, in: text)
            }
            matches.append(Match(id: token.id, range: range))
            free = range.upperBound
            position = range.upperBound
        }
        return matches
    }

    private func longest(in marked: MarkedText, at start: Int) -> (index: Int, end: Int)? {
        var best: (index: Int, end: Int)?
        var node = 0
        var position = start
        let text = marked.bytes
        while position < text.count, let child = nodes[node].children[text[position]] {
            node = Int(child)
            position += 1
            let token = Int(nodes[node].token)
            if token >= 0, !tokens[token].isControl || marked.isTrusted(start..<position) { best = (token, position) }
        }
        return best
    }

    // MARK: White space, in UTF-8

    private static func startOfWhiteSpace(before end: Int, in text: [UInt8]) -> Int {
        var start = end
        while start > 0 {
            var first = start - 1
            while first > 0, text[first] & 0xC0 == 0x80 { first -= 1 }
            guard isWhiteSpace(text[first..<start]) else { break }
            start = first
        }
        return start
    }

    private static func endOfWhiteSpace(after start: Int, in text: [UInt8]) -> Int {
        var end = start
        while end < text.count {
            var next = end + 1
            while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
            guard isWhiteSpace(text[end..<next]) else { break }
            end = next
        }
        return end
    }

    private static func isWhiteSpace(_ character: ArraySlice<UInt8>) -> Bool {
        String(decoding: character, as: UTF8.self).unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }
}
