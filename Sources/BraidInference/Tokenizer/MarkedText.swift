/// Text as UTF-8, which remembers of each byte whether control tokens may be recognised there.
struct MarkedText: Sendable {
    /// The text.
    var bytes: [UInt8] = []
    /// For each byte whether it is trusted; nil if all are. Control tokens are recognised in trusted bytes only.
    private(set) var marks: [Bool]?

    /// Creates trusted text.
    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    /// Whether all bytes of a range are trusted.
    func isTrusted(_ range: Range<Int>) -> Bool {
        guard let marks else { return true }
        return !marks[range].contains(false)
    }

    /// Appends a part of another text.
    mutating func append(_ other: MarkedText, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        if let otherMarks = other.marks {
            if marks == nil { marks = [Bool](repeating: true, count: bytes.count) }
            marks?.append(contentsOf: otherMarks[range])
        } else {
            marks?.append(contentsOf: repeatElement(true, count: range.count))
        }
        bytes.append(contentsOf: other.bytes[range])
    }

    /// Appends text of one kind.
    mutating func append(_ text: some Collection<UInt8>, isTrusted: Bool) {
        if !isTrusted, marks == nil { marks = [Bool](repeating: true, count: bytes.count) }
        marks?.append(contentsOf: repeatElement(isTrusted, count: text.count))
        bytes.append(contentsOf: text)
    }

    /// Appends scalars of one kind.
    mutating func append(_ scalars: [UInt32], isTrusted: Bool) {
        var text: [UInt8] = []
        for scalar in scalars { UTF8Scalar.append(scalar, to: &text) }
        append(text, isTrusted: isTrusted)
    }

    /// A part of the text.
    subscript(range: Range<Int>) -> MarkedText {
        if range == 0..<bytes.count { return self }
        var part = MarkedText()
        part.append(self, range)
        return part
    }
}
