/// Parts of values: attributes, elements and slices.
extension TemplateEvaluator {
    private static let objectMethods: Set<String> = ["items", "keys", "values", "get"]
    private static let textMethods: Set<String> = [
        "split", "rsplit", "strip", "lstrip", "rstrip", "startswith", "endswith", "upper", "lower", "title",
        "capitalize",
        "replace", "find", "rfind", "count", "join", "splitlines", "removeprefix", "removesuffix", "isdigit", "isalpha",
        "isspace",
    ]

    /// What a point and a name find in a value.
    func attribute(_ name: String, of value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .undefined:
            throw .invalidOperation(line: line, reason: "\(value.kind) has no \(name)")
        case .object(let members):
            if Self.objectMethods.contains(name) { return .method(value, name) }
            return TemplateValue.value(of: .text(name), in: members) ?? .undefined(name)
        case .namespace(let index): return namespaces[index][name] ?? .undefined(name)
        case .text where Self.textMethods.contains(name): return .method(value, name)
        case .list where name == "count" || name == "index": return .method(value, name)
        default: return .undefined(name)
        }
    }

    /// What square brackets find in a value.
    mutating func item(
        _ key: TemplateValue, of value: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .list(let values):
            guard let index = key.asInteger else { break }
            let place = index < 0 ? index &+ values.count : index
            return values.indices.contains(place) ? values[place] : .undefined("element \(index)")
        case .text(let text):
            guard let index = key.asInteger else { break }
            let place = index < 0 ? index &+ text.count : index
            return (0..<text.count).contains(place) ? .text(text[place..<place + 1]) : .undefined("character \(index)")
        case .object(let members):
            try charge(members.count)
            if let found = TemplateValue.value(of: key, in: members) { return found }
        case .undefined: throw .invalidOperation(line: line, reason: "\(value.kind) has no elements")
        default: break
        }
        guard case .text(let name) = key else { return .undefined("element") }
        return try attribute(name.string, of: value, line: line)
    }

    /// The part of a text or a list between bounds, as Python takes it.
    mutating func slice(
        _ value: TemplateExpression, from: TemplateExpression?, to: TemplateExpression?, step: TemplateExpression?,
        line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let value = try evaluate(value)
        func bound(_ expression: TemplateExpression?) throws(ChatTemplateError) -> Int? {
            guard let expression else { return nil }
            let bound = try evaluate(expression)
            if case .null = bound { return nil }
            guard let bound = bound.asInteger else {
                throw .invalidOperation(line: line, reason: "a slice goes to a \(bound.kind)")
            }
            return bound
        }
        let first = try bound(from)
        let last = try bound(to)
        let stride = try bound(step) ?? 1
        let count: Int
        switch value {
        case .text(let text): count = text.count
        case .list(let values): count = values.count
        default: throw .invalidOperation(line: line, reason: "a \(value.kind) has no slices")
        }
        guard stride != 0, stride != .min else { throw .invalidOperation(line: line, reason: "a slice's step is 0") }
        // As Python clips them.
        func clipped(_ index: Int, _ low: Int, _ high: Int) -> Int {
            min(max(index < 0 ? index &+ count : index, low), high)
        }
        var indices: [Int] = []
        if stride > 0 {
            let end = last.map { clipped($0, 0, count) } ?? count
            var index = first.map { clipped($0, 0, count) } ?? 0
            while index < end {
                indices.append(index)
                let (next, overflows) = index.addingReportingOverflow(stride)
                if overflows { break }
                index = next
            }
        } else {
            let end = last.map { clipped($0, -1, count - 1) } ?? -1
            var index = first.map { clipped($0, -1, count - 1) } ?? count - 1
            while index > end {
                indices.append(index)
                let (next, overflows) = index.addingReportingOverflow(stride)
                if overflows { break }
                index = next
            }
        }
        try charge(indices.count)
        switch value {
        case .text(let text): return .text(text.selecting(indices))
        case .list(let values): return .list(indices.map { values[$0] })
        default: return value
        }
    }
}
