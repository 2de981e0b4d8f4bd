/// One value of a request's body, and where it stands there, for the error that names it.
struct JSONField: Sendable {
    /// What a value is.
    enum Kind: String, Sendable {
        case null, boolean, number, string, array, object
    }

    /// Where it stands, such as `messages[2].content`; empty for the whole body.
    let path: String
    private let document: JSONDocument
    private let node: Int

    init(_ document: JSONDocument, node: Int, path: String) {
        self.document = document
        self.node = node
        self.path = path
    }

    /// What it is.
    var kind: Kind {
        switch document.bytes[Int(document.nodes[node].start)] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// Its text as it came.
    var raw: ArraySlice<UInt8> {
        document.bytes[Int(document.nodes[node].start)..<Int(document.nodes[node].end)]
    }

    /// The beginning of its text, for messages.
    var excerpt: String {
        let shown = raw.prefix(40)
        return String(decoding: shown, as: UTF8.self) + (shown.count < raw.count ? "…" : "")
    }

    /// Whether it is an array or an object with nothing in it.
    var isEmpty: Bool { Int(document.nodes[node].next) == node + 1 }

    // MARK: Scalars

    /// Its truth value.
    func bool() throws(OpenAIError) -> Bool {
        guard kind == .boolean else { throw wrongType("true or false") }
        return raw.first == UInt8(ascii: "t")
    }

    /// Its text.
    /// - Parameter limit: the most bytes of it.
    func string(atMost limit: Int = .max) throws(OpenAIError) -> String {
        guard kind == .string else { throw wrongType("a string") }
        let text = decodedString
        guard text.utf8.count <= limit else {
            throw .unsupportedValue(path, "has \(text.utf8.count) bytes", allowed: "at most \(limit) bytes")
        }
        return text
    }

    /// One of these texts.
    func word<Word: RawRepresentable & CaseIterable>(
        _ type: Word.Type
    ) throws(OpenAIError) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: try string()) else {
            throw .unsupportedValue(
                path, "is \(excerpt)", allowed: Word.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return word
    }

    /// Its value as a whole number; `256.0` is one.
    func integer(in range: ClosedRange<Int>) throws(OpenAIError) -> Int {
        guard kind == .number else { throw wrongType("a whole number") }
        let text = String(decoding: raw, as: UTF8.self)
        if let value = Int(text), range.contains(value) { return value }
        if text.utf8.contains(where: { ".eE".utf8.contains($0) }) {
            guard let value = Double(text), let whole = Int(exactly: value) else { throw wrongType("a whole number") }
            if range.contains(whole) { return whole }
        }
        throw .unsupportedValue(
            path, "is \(excerpt)", allowed: "whole numbers from \(range.lowerBound) to \(range.upperBound)")
    }

    /// Its value; bounds are part of the range unless told otherwise.
    func number(
        in range: ClosedRange<Double>, excludingLowest: Bool = false
    ) throws(OpenAIError) -> Double {
        guard kind == .number else { throw wrongType("a number") }
        guard let value = Double(String(decoding: raw, as: UTF8.self)), range.contains(value),
            !excludingLowest || value > range.lowerBound
        else {
            let lower = "\(excludingLowest ? "more than " : "from ")\(range.lowerBound)"
            throw .unsupportedValue(path, "is \(excerpt)", allowed: "\(lower) to \(range.upperBound)")
        }
        return value
    }

    // MARK: Parts

    /// Its elements.
    func elements(atMost limit: Int = .max) throws(OpenAIError) -> [JSONField] {
        guard kind == .array else { throw wrongType("an array") }
        var elements: [JSONField] = []
        var index = node + 1
        while index < Int(document.nodes[node].next) {
            guard elements.count < limit else {
                throw .unsupportedValue(path, "has more elements", allowed: "at most \(limit) elements")
            }
            elements.append(JSONField(document, node: index, path: "\(path)[\(elements.count)]"))
            index = Int(document.nodes[index].next)
        }
        return elements
    }

    /// Its elements as token ids, which are written as whole numbers without a point.
    /// - Parameter limit: the most of them.
    func tokens(atMost limit: Int) throws(OpenAIError) -> [Int32] {
        guard kind == .array else { throw wrongType("an array of token ids") }
        var tokens: [Int32] = []
        var index = node + 1
        while index < Int(document.nodes[node].next) {
            let token = document.nodes[index]
            guard tokens.count < limit else {
                throw .unsupportedValue(path, "has more token ids", allowed: "at most \(limit)")
            }
            guard let id = Int32(String(decoding: document.bytes[Int(token.start)..<Int(token.end)], as: UTF8.self)),
                id >= 0
            else {
                let field = JSONField(document, node: index, path: "\(path)[\(tokens.count)]")
                throw .unsupportedValue(field.path, "is \(field.excerpt)", allowed: "token ids, from 0 to \(Int32.max)")
            }
            tokens.append(id)
            index = Int(token.next)
        }
        return tokens
    }

    /// What the first element is; nil when there is none.
    var firstElement: JSONField? {
        kind == .array && !isEmpty ? JSONField(document, node: node + 1, path: "\(path)[0]") : nil
    }

    /// Calls for each member, in the order in which they stand there, with its name, its value's index and nothing else
    /// decoded; an object may have a million of them.
    func forEachMember(_ body: (_ name: String, _ node: Int) -> Void) throws(OpenAIError) {
        guard kind == .object else { throw wrongType("an object") }
        var index = node + 1
        while index < Int(document.nodes[node].next) {
            body(JSONField(document, node: index, path: "").decodedString, index + 1)
            index = Int(document.nodes[index + 1].next)
        }
    }

    /// A part of it.
    func part(node: Int, named name: String) -> JSONField {
        JSONField(document, node: node, path: path.isEmpty ? name : "\(path).\(name)")
    }

    /// An error that says what was wanted here.
    func wrongType(_ wanted: String) -> OpenAIError {
        .invalidType(path, found: kind == .null ? "null" : "\(kind.rawValue) \(excerpt)", wanted: wanted)
    }

    // MARK: Text

    /// The text of a string that the scanner has checked.
    var decodedString: String {
        let content = raw.dropFirst().dropLast()
        guard let firstEscape = content.firstIndex(of: UInt8(ascii: "\\")) else {
            return String(decoding: content, as: UTF8.self)
        }
        var text = Array(content[..<firstEscape])
        text.reserveCapacity(content.count)
        var index = firstEscape
        while index < content.endIndex {
            let byte = content[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < content.endIndex else {
                text.append(byte)
                continue
            }
            let escape = content[index]
            index += 1
            switch escape {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var code = Self.unit(content, at: index)
                index += 4
                if (0xD800...0xDBFF).contains(code) {
                    code = 0x10000 + (code - 0xD800) << 10 + (Self.unit(content, at: index + 2) &- 0xDC00) & 0x3FF
                    index += 6
                }
                text += String(Unicode.Scalar(code).map(Character.init) ?? "\u{FFFD}").utf8
            default: text.append(escape)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func unit(_ content: ArraySlice<UInt8>, at index: Int) -> UInt32 {
        content[index...].prefix(4).reduce(0) { $0 << 4 | (hexadecimalValue($1) ?? 0) }
    }

    /// The value of a hexadecimal digit.
    static func hexadecimalValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x41 + 10)
        case 0x61...0x66: UInt32(byte - 0x61 + 10)
        default: nil
        }
    }
}
