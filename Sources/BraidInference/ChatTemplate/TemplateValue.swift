/// A value that a template works with.
enum TemplateValue: Sendable {
    case undefined(String)
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(TemplateText)
    case list([TemplateValue])
    case object([Member])
    /// What `namespace()` made; the number is its place in the evaluator.
    case namespace(Int)
    /// A macro; the number is its place in the evaluator.
    case macro(Int)
    /// A function of every template.
    case function(String)
    /// A function of a value.
    indirect case method(TemplateValue, String)

    struct Member: Sendable {
        var key: TemplateValue
        var value: TemplateValue
    }

    /// A value that the user gave; all its text is user text.
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .text(TemplateText(value, isUser: true))
        case .array(let values): self = .list(values.map(TemplateValue.init))
        case .object(let members):
            var unique: [Member] = []
            var places: [[UInt8]: Int] = [:]
            for member in members {
                let name = Array(member.name.utf8)
                let value = TemplateValue(member.value)
                if let place = places[name] {
                    unique[place].value = value
                } else {
                    places[name] = unique.count
                    unique.append(Member(key: .text(TemplateText(member.name, isUser: true)), value: value))
                }
            }
            self = .object(unique)
        }
    }

    static func text(_ text: String) -> TemplateValue { .text(TemplateText(text)) }

    /// Python's truth.
    var isTrue: Bool {
        switch self {
        case .undefined, .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .text(let text): !text.isEmpty
        case .list(let values): !values.isEmpty
        case .object(let members): !members.isEmpty
        case .namespace, .macro, .function, .method: true
        }
    }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// What kind of value it is, in words.
    var kind: String {
        switch self {
        case .undefined(let name): "undefined value \(name.debugDescription)"
        case .null: "none"
        case .bool: "boolean"
        case .integer, .number: "number"
        case .text: "text"
        case .list: "list"
        case .object: "mapping"
        case .namespace: "namespace"
        case .macro, .function, .method: "function"
        }
    }

    /// The value as a number, if it is one; a boolean is 0 or 1, as in Python.
    var asNumber: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var asInteger: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// Python's equality.
    static func == (left: TemplateValue, right: TemplateValue) -> Bool {
        switch (left, right) {
        case (.undefined, .undefined), (.null, .null): true
        case (.text(let left), .text(let right)): left == right
        case (.list(let left), .list(let right)): left.count == right.count && zip(left, right).allSatisfy(==)
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { member in
                    right.contains { $0.key == member.key && $0.value == member.value }
                }
        case (.namespace(let left), .namespace(let right)), (.macro(let left), .macro(let right)): left == right
        default:
            if let left = left.asInteger, let right = right.asInteger {
                left == right
            } else if let left = left.asNumber, let right = right.asNumber {
                left == right
            } else {
                false
            }
        }
    }

    /// The value of a key of an object.
    static func value(of key: TemplateValue, in members: [Member]) -> TemplateValue? {
        members.first { $0.key == key }?.value
    }

    // MARK: As text

    /// Python's `str`. What is no text already is the user's as soon as any text is in it.
    var asText: TemplateText {
        switch self {
        case .undefined: TemplateText()
        case .text(let text): text
        case .list, .object: TemplateText(representation, isUser: true)
        default: TemplateText(representation)
        }
    }

    /// Python's `repr`.
    var representation: String {
        switch self {
        case .undefined: "Undefined"
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .number(let value): Self.spelled(value)
        case .text(let text):
            Self.quoted(text)
        case .list(let values): "[" + values.map(\.representation).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { $0.key.representation + ": " + $0.value.representation }.joined(separator: ", ") + "}"
        case .namespace: "<Namespace>"
        case .macro, .function, .method: "<function>"
        }
    }

    private static func quoted(_ text: TemplateText) -> String {
        let quote: Unicode.Scalar = text.scalars.contains("'") && !text.scalars.contains("\"") ? "\"" : "'"
        var result = String.UnicodeScalarView([quote])
        for scalar in text.scalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case quote:
                result.append("\\")
                result.append(scalar)
            case ..<" ", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                result.append(contentsOf: ("\\x" + (digits.utf8.count == 1 ? "0" : "") + digits).unicodeScalars)
            default: result.append(scalar)
            }
        }
        result.append(quote)
        return String(result)
    }

    /// A number as Python writes it.
    static func spelled(_ number: Double) -> String {
        if number.isNaN { return "nan" }
        if number.isInfinite { return number < 0 ? "-inf" : "inf" }
        let text = "\(number)"
        // Swift writes 5e-05 as Python does, but for the zero.
        guard let place = text.firstIndex(of: "e") else { return text }
        var mantissa = text[..<place]
        if mantissa.hasSuffix(".0") { mantissa = mantissa.dropLast(2) }
        let exponent = text[text.index(after: place)...]
        let sign = exponent.hasPrefix("-") ? "-" : "+"
        let digits = exponent.drop { $0 == "-" || $0 == "+" }
        return mantissa + "e" + sign + (digits.utf8.count == 1 ? "0" : "") + digits
    }
}
