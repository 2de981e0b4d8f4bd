/// Writes values as JSON, as Transformers' `tojson` does: no escapes but the needed ones, members in their order.
struct TemplateJSON {
    /// Spaces per level; one line if nil.
    let indent: Int?
    let line: Int

    /// The value as JSON.
    ///
    /// - Throws: ``ChatTemplateError/invalidOperation(line:reason:)`` for what JSON cannot say.
    func text(_ value: TemplateValue) throws(ChatTemplateError) -> String {
        var text = ""
        try write(value, level: 0, to: &text)
        return text
    }

    private func write(_ value: TemplateValue, level: Int, to text: inout String) throws(ChatTemplateError) {
        // Values from outside nest at most 100 deep, and templates cannot nest theirs without end.
        guard level < 200 else { throw .limitExceeded(name: "nested values", limit: 200) }
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value):
            text +=
                value.isNaN
                ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : TemplateValue.spelled(value)
        case .text(let value): Self.quote(value, to: &text)
        case .list(let values):
            try writeAll("[", values, "]", level: level, to: &text) { (value, text) throws(ChatTemplateError) in
                try write(value, level: level + 1, to: &text)
            }
        case .object(let members):
            try writeAll("{", members, "}", level: level, to: &text) { (member, text) throws(ChatTemplateError) in
                Self.quote(member.key.asText, to: &text)
                text += ": "
                try write(member.value, level: level + 1, to: &text)
            }
        case .undefined, .namespace, .macro, .function, .method:
            throw .invalidOperation(line: line, reason: "\(value.kind) cannot be written as JSON")
        }
    }

    private func writeAll<Element>(
        _ opening: String, _ elements: [Element], _ closing: String, level: Int, to text: inout String,
        _ write: (Element, inout String) throws(ChatTemplateError) -> Void
    ) throws(ChatTemplateError) {
        text += opening
        for (index, element) in elements.enumerated() {
            if index > 0 { text += indent == nil ? ", " : "," }
            if let indent { text += "\n" + String(repeating: " ", count: indent * (level + 1)) }
            try write(element, &text)
        }
        if let indent, !elements.isEmpty { text += "\n" + String(repeating: " ", count: indent * level) }
        text += closing
    }

    private static func quote(_ value: TemplateText, to text: inout String) {
        text += "\""
        var view = String.UnicodeScalarView()
        for scalar in value.scalars {
            switch scalar {
            case "\"": view.append(contentsOf: "\\\"".unicodeScalars)
            case "\\": view.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": view.append(contentsOf: "\\n".unicodeScalars)
            case "\r": view.append(contentsOf: "\\r".unicodeScalars)
            case "\t": view.append(contentsOf: "\\t".unicodeScalars)
            case "\u{8}": view.append(contentsOf: "\\b".unicodeScalars)
            case "\u{C}": view.append(contentsOf: "\\f".unicodeScalars)
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                view.append(
                    contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
            default: view.append(scalar)
            }
        }
        text.unicodeScalars.append(contentsOf: view)
        text += "\""
    }
}
