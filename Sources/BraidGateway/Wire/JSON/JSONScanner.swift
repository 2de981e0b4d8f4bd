/// Walks once over a JSON text (RFC 8259, UTF-8 only) and notes where its values stand.
struct JSONScanner {
    /// What was found.
    private(set) var nodes: [JSONDocument.Node] = []

    private let bytes: [UInt8]
    private let maximumDepth: Int
    private var position = 0
    /// Indices of the arrays and objects that are still open.
    private var open: [Int] = []

    /// The longest number; no use needs more digits, and reading one must not take long.
    private static let longestNumber = 1000

    init(_ bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    private enum Expected {
        case value, elementOrEnd, nameOrEnd, name, separator
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Walks over the text.
    mutating func scan() throws(OpenAIError) {
        try checkEncoding()
        var expected = Expected.value
        repeat {
            skipSpace()
            switch expected {
            case .value: expected = try value()
            case .elementOrEnd:
                if next == UInt8(ascii: "]") { expected = close() } else { expected = try value() }
            case .nameOrEnd:
                if next == UInt8(ascii: "}") { expected = close() } else { expected = try name() }
            case .name: expected = try name()
            case .separator: expected = try separator()
            }
        } while !(open.isEmpty && expected == .separator)
        skipSpace()
        guard position == bytes.count else { throw failure("there is text after the end of the value") }
    }

    /// Refuses what is not UTF-8 from its first bytes on.
    private func checkEncoding() throws(OpenAIError) {
        guard bytes.count <= Int(UInt32.max) / 2 else { throw .bodyTooLarge(limit: Int(UInt32.max) / 2) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw failure("the body begins with a byte order mark; send UTF-8 without one")
        }
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE])
            || bytes.prefix(4).contains(0)
        {
            throw failure("the body is not UTF-8; send UTF-8")
        }
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    // MARK: Structure

    private mutating func value() throws(OpenAIError) -> Expected {
        guard let first = next else {
            throw failure(bytes.isEmpty ? "the body is empty; send a JSON object" : "the text ends too soon")
        }
        switch first {
        case UInt8(ascii: "{"):
            try begin()
            return .nameOrEnd
        case UInt8(ascii: "["):
            try begin()
            return .elementOrEnd
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        case UInt8(ascii: "-"), 0x30...0x39: try number()
        case UInt8(ascii: "N"), UInt8(ascii: "I"), UInt8(ascii: "+"):
            throw failure("NaN, Infinity and numbers with a plus sign are no JSON")
        default: throw failure("a value was expected")
        }
        return .separator
    }

    private mutating func begin() throws(OpenAIError) {
        guard open.count < maximumDepth else {
            throw failure("arrays and objects are nested more than \(maximumDepth) deep")
        }
        open.append(nodes.count)
        nodes.append(JSONDocument.Node(start: UInt32(position), end: 0, next: 0))
        position += 1
    }

    private mutating func close() -> Expected {
        position += 1
        if let index = open.popLast() {
            nodes[index].end = UInt32(position)
            nodes[index].next = UInt32(nodes.count)
        }
        return .separator
    }

    private mutating func name() throws(OpenAIError) -> Expected {
        guard next == UInt8(ascii: "\"") else { throw failure("a member's name in quotes was expected") }
        try string()
        skipSpace()
        guard next == UInt8(ascii: ":") else { throw failure("a colon was expected") }
        position += 1
        return .value
    }

    private mutating func separator() throws(OpenAIError) -> Expected {
        guard let index = open.last else { throw failure("there is text after the end of the value") }
        let isObject = bytes[Int(nodes[index].start)] == UInt8(ascii: "{")
        switch next {
        case UInt8(ascii: ","):
            position += 1
            return isObject ? .name : .value
        case UInt8(ascii: isObject ? "}" : "]"): return close()
        case nil: throw failure("the text ends too soon")
        default: throw failure(isObject ? "a comma or } was expected" : "a comma or ] was expected")
        }
    }

    private mutating func append(from start: Int) {
        nodes.append(
            JSONDocument.Node(start: UInt32(start), end: UInt32(position), next: UInt32(nodes.count + 1)))
    }

    // MARK: Scalars

    private mutating func word(_ word: StaticString) throws(OpenAIError) {
        let start = position
        let isHere = word.withUTF8Buffer { bytes[start...].starts(with: $0) }
        guard isHere else { throw failure("a value was expected") }
        position += word.utf8CodeUnitCount
        append(from: start)
    }

    private mutating func digits() throws(OpenAIError) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw failure("a digit was expected") }
    }

    private mutating func number() throws(OpenAIError) {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
        if next == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        let hasExponent = next == UInt8(ascii: "e") || next == UInt8(ascii: "E")
        if hasExponent {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        guard position - start <= Self.longestNumber else {
            throw failure("a number has more than \(Self.longestNumber) characters")
        }
        if hasExponent || position - start > 300 {
            let value = Double(String(decoding: bytes[start..<position], as: UTF8.self))
            guard value?.isFinite == true else { throw failure("a number is too large") }
        }
        append(from: start)
    }

    private mutating func string() throws(OpenAIError) {
        let start = position
        position += 1
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                append(from: start)
                return
            case UInt8(ascii: "\\"): try escape()
            case 0x00..<0x20: throw failure("a text has a control character; write it as \\u00XX")
            case 0x20..<0x80: position += 1
            default: try character()
            }
        }
        throw failure("a text is not closed")
    }

    private mutating func escape() throws(OpenAIError) {
        position += 1
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            let unit = try hexadecimal()
            // Texts with it are cut off wherever C reads them.
            if unit == 0 { throw failure("a text has the character U+0000, which is not taken") }
            if (0xD800...0xDBFF).contains(unit) {
                guard next == UInt8(ascii: "\\"), position + 1 < bytes.count,
                    bytes[position + 1] == UInt8(ascii: "u")
                else { throw failure("half of a surrogate pair") }
                position += 2
                guard (0xDC00...0xDFFF).contains(try hexadecimal()) else { throw failure("half of a surrogate pair") }
            } else if (0xDC00...0xDFFF).contains(unit) {
                throw failure("half of a surrogate pair")
            }
        default: throw failure("an escape that JSON does not have")
        }
    }

    private mutating func hexadecimal() throws(OpenAIError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap(JSONField.hexadecimalValue) else {
                throw failure("four hexadecimal digits were expected")
            }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }

    /// Passes one character of more than one byte, by the Unicode Standard's table 3-7.
    private mutating func character() throws(OpenAIError) {
        let first = bytes[position]
        let second: ClosedRange<UInt8>
        let length: Int
        switch first {
        case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
        case 0xE0: (second, length) = (0xA0...0xBF, 3)
        case 0xE1...0xEC, 0xEE...0xEF: (second, length) = (0x80...0xBF, 3)
        case 0xED: (second, length) = (0x80...0x9F, 3)
        case 0xF0: (second, length) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
        case 0xF4: (second, length) = (0x80...0x8F, 4)
        default: throw failure("the body is not UTF-8; send UTF-8")
        }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]),
            bytes[(position + 2)..<(position + length)].allSatisfy({ (0x80...0xBF).contains($0) })
        else { throw failure("the body is not UTF-8; send UTF-8") }
        position += length
    }

    private func failure(_ what: String) -> OpenAIError {
        let before = bytes[..<min(position, bytes.count)]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        return .invalidJSON(what, line: line, column: position - lineStart + 1)
    }
}
