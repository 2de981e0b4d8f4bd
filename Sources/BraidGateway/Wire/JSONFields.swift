/// The fields of a JSON object as they were written, so that some can be exchanged and all others stay byte for byte.
struct JSONFields: Sendable {
    /// One field.
    struct Field: Sendable, Hashable {
        /// Its name with its quotes, as it was written.
        var name: [UInt8]
        /// Its value, as it was written.
        var value: [UInt8]
    }

    /// The fields in order.
    private(set) var fields: [Field] = []

    /// Takes an object apart. Whether its values are JSON is for others to say.
    /// - Throws: an error of status 400 when it is no object.
    init(_ bytes: [UInt8]) throws(OpenAIError) {
        var rest = bytes[...]
        Self.skipSpace(&rest)
        guard rest.popFirst() == UInt8(ascii: "{") else { throw Self.fault }
        Self.skipSpace(&rest)
        if rest.first == UInt8(ascii: "}") { return }
        while true {
            Self.skipSpace(&rest)
            let name = try Self.string(&rest)
            Self.skipSpace(&rest)
            guard rest.popFirst() == UInt8(ascii: ":") else { throw Self.fault }
            fields.append(Field(name: name, value: try Self.value(&rest)))
            switch rest.popFirst() {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "}"): return
            default: throw Self.fault
            }
        }
    }

    /// The object, with fields left out and values exchanged. Names that were written with escapes are other names.
    func bytes(without left: Set<String>, replacing new: [String: String]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for field in fields {
            let name = String(decoding: field.name.dropFirst().dropLast(), as: UTF8.self)
            if left.contains(name) { continue }
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += field.name
            bytes.append(UInt8(ascii: ":"))
            if let value = new[name] { JSONEscape.append(value, to: &bytes) } else { bytes += field.value }
        }
        return bytes + [UInt8(ascii: "}")]
    }

    private static let fault = OpenAIError.invalid("the body is not a JSON object", param: nil, code: "invalid_json")

    private static func skipSpace(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
    }

    private static func string(_ rest: inout ArraySlice<UInt8>) throws(OpenAIError) -> [UInt8] {
        guard rest.first == UInt8(ascii: "\"") else { throw fault }
        let start = rest.startIndex
        var index = start + 1
        while index < rest.endIndex, rest[index] != UInt8(ascii: "\"") {
            index += rest[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard index < rest.endIndex else { throw fault }
        let text = Array(rest[start...index])
        rest = rest[(index + 1)...]
        return text
    }

    /// Everything up to the comma or brace that ends the field, which is not taken.
    private static func value(_ rest: inout ArraySlice<UInt8>) throws(OpenAIError) -> [UInt8] {
        var value: [UInt8] = []
        var depth = 0
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\""):
                value += try string(&rest)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return value }
                depth -= 1
            case UInt8(ascii: ","): if depth == 0 { return value }
            default: break
            }
            value.append(byte)
            rest = rest.dropFirst()
        }
        throw fault
    }
}
