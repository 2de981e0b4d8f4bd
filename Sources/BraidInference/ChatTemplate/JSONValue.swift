/// A JSON value whose objects keep the order of their members, as chat templates must show them.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One member of an object.
    public struct Member: Sendable, Hashable {
        public var name: String
        public var value: JSONValue

        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Why text is no JSON.
    public struct ParsingError: Error, Sendable, Hashable, CustomStringConvertible {
        /// The offset in bytes at which it is not.
        public let position: Int
        public var description: String { "no JSON at byte \(position)" }
    }

    /// Reads JSON.
    ///
    /// - Throws: ``ParsingError``, also for values nested more than 100 deep.
    /// - Complexity: O(length of the text).
    public init(parsing text: some Collection<UInt8>) throws(ParsingError) {
        var parser = Parser(bytes: Array(text))
        self = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == parser.bytes.count else { throw ParsingError(position: parser.position) }
    }

    /// The value of the member of this name, the last if there are several.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    private struct Parser {
        let bytes: [UInt8]
        var position = 0

        private var next: UInt8? { position < bytes.count ? bytes[position] : nil }
        private var failure: ParsingError { ParsingError(position: position) }

        mutating func skipSpace() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            skipSpace()
            guard next == byte else { return false }
            position += 1
            return true
        }

        private mutating func word(_ word: String, _ value: JSONValue) throws(ParsingError) -> JSONValue {
            guard bytes[position...].starts(with: word.utf8) else { throw failure }
            position += word.utf8.count
            return value
        }

        mutating func value(depth: Int) throws(ParsingError) -> JSONValue {
            skipSpace()
            guard depth < 100, let byte = next else { throw failure }
            switch byte {
            case UInt8(ascii: "{"):
                position += 1
                var members: [Member] = []
                if take(UInt8(ascii: "}")) { return .object([]) }
                repeat {
                    skipSpace()
                    let name = try string()
                    guard take(UInt8(ascii: ":")) else { throw failure }
                    members.append(Member(name, try value(depth: depth + 1)))
                } while take(UInt8(ascii: ","))
                guard take(UInt8(ascii: "}")) else { throw failure }
                return .object(members)
            case UInt8(ascii: "["):
                position += 1
                var elements: [JSONValue] = []
                if take(UInt8(ascii: "]")) { return .array([]) }
                repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
                guard take(UInt8(ascii: "]")) else { throw failure }
                return .array(elements)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return try number()
            }
        }

        private mutating func number() throws(ParsingError) -> JSONValue {
            let start = position
            while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { position += 1 }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            guard let last = text.utf8.last, (0x30...0x39).contains(last), text.utf8.first != UInt8(ascii: "+") else {
                throw failure
            }
            if let integer = Int(text) { return .integer(integer) }
            guard let number = Double(text), number.isFinite else { throw failure }
            return .number(number)
        }

        private mutating func string() throws(ParsingError) -> String {
            guard next == UInt8(ascii: "\"") else { throw failure }
            position += 1
            var text: [UInt8] = []
            while true {
                let start = position
                while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                    position += 1
                }
                text += bytes[start..<position]
                guard let byte = next, byte >= 0x20 else { throw failure }
                position += 1
                if byte == UInt8(ascii: "\"") { break }
                guard let escape = next else { throw failure }
                position += 1
                switch escape {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
                case UInt8(ascii: "b"): text.append(0x08)
                case UInt8(ascii: "f"): text.append(0x0C)
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "r"): text.append(0x0D)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "u"):
                    var code = try unit()
                    if (0xD800...0xDBFF).contains(code), next == UInt8(ascii: "\\") {
                        position += 1
                        guard next == UInt8(ascii: "u") else { throw failure }
                        position += 1
                        let low = try unit()
                        guard (0xDC00...0xDFFF).contains(low) else { throw failure }
                        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    }
                    guard let scalar = Unicode.Scalar(code) else { throw failure }
                    text += Array(String(Character(scalar)).utf8)
                default: throw failure
                }
            }
            guard let valid = String(validating: text, as: UTF8.self) else { throw failure }
            return valid
        }

        private mutating func unit() throws(ParsingError) -> UInt32 {
            var code: UInt32 = 0
            for _ in 0..<4 {
                guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                    throw failure
                }
                code = code * 16 + UInt32(digit)
                position += 1
            }
            return code
        }
    }
}
