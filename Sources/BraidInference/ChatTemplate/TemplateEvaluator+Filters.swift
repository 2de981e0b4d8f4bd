/// Jinja's filters and tests, as far as chat templates use them.
extension TemplateEvaluator {
    mutating func filter(
        _ name: String, _ value: TemplateValue, _ inputs: TemplateInputs, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        if name != "default", name != "d", name != "length", name != "count" { try weigh(value) }
        switch name {
        case "trim":
            return .text(value.asText.stripped(of: inputs.value(0, "chars")?.asText, left: true, right: true))
        case "upper": return .text(value.asText.uppercased)
        case "lower": return .text(value.asText.lowercased)
        case "capitalize": return .text(value.asText.capitalized)
        case "title":
            return .text(
                value.asText.titlecased(with: \.properties.uppercaseMapping) {
                    TemplateText.isSpace($0) || "-([{<".unicodeScalars.contains($0)
                })
        case "string", "safe": return .text(value.asText)
        case "replace":
            let old = inputs.value(0, "old")?.asText ?? TemplateText()
            let new = inputs.value(1, "new")?.asText ?? TemplateText()
            return .text(try replacing(old, with: new, in: value.asText, inputs.value(2, "count")))
        case "indent": return .text(try indented(value.asText, inputs))
        case "tojson":
            let width = inputs.value(0, "indent")?.asInteger
            let text = try TemplateJSON(indent: width.map { max(0, min($0, 16)) }, line: line).text(value)
            return .text(TemplateText(text, isUser: true))
        case "length", "count": return .integer(try length(of: value, line: line))
        case "first": return try elements(of: value, line: line).first ?? .undefined("first element")
        case "last": return try elements(of: value, line: line).last ?? .undefined("last element")
        case "list": return .list(try elements(of: value, line: line))
        case "reverse":
            let elements = try elements(of: value, line: line)
            if case .text(let text) = value { return .text(text.selecting((0..<text.count).reversed())) }
            return .list(elements.reversed())
        case "join": return .text(try joined(value, inputs, line: line))
        case "default", "d":
            let fallback = inputs.value(0, "default_value") ?? .text("")
            let isLoose = inputs.value(1, "boolean")?.isTrue ?? false
            return value.isUndefined || isLoose && !value.isTrue ? fallback : value
        case "items": return .list(try pairs(of: value, line: line))
        case "dictsort":
            let pairs = try pairs(of: value, line: line)
            return .list(try sorted(pairs, attribute: .integer(0), isReversed: false, ignoresCase: true, line: line))
        case "sort":
            return .list(
                try sorted(
                    try elements(of: value, line: line), attribute: inputs.value(2, "attribute"),
                    isReversed: inputs.value(0, "reverse")?.isTrue ?? false,
                    ignoresCase: !(inputs.value(1, "case_sensitive")?.isTrue ?? false), line: line))
        case "unique":
            var unique: [TemplateValue] = []
            for element in try elements(of: value, line: line) {
                try weigh(.list(unique))
                if !unique.contains(where: { $0 == element }) { unique.append(element) }
            }
            return .list(unique)
        case "select", "reject":
            var chosen: [TemplateValue] = []
            for element in try elements(of: value, line: line) {
                let isChosen = try passes(element, inputs.positional[...], line: line)
                if isChosen == (name == "select") { chosen.append(element) }
            }
            return .list(chosen)
        case "selectattr", "rejectattr":
            var chosen: [TemplateValue] = []
            guard let attribute = inputs.first else {
                throw .invalidOperation(line: line, reason: "\(name) needs the name of an attribute")
            }
            for element in try elements(of: value, line: line) {
                let part = try self.part(attribute, of: element, line: line)
                let isChosen = try passes(part, inputs.positional.dropFirst(), line: line)
                if isChosen == (name == "selectattr") { chosen.append(element) }
            }
            return .list(chosen)
        case "map":
            var mapped: [TemplateValue] = []
            for element in try elements(of: value, line: line) {
                if let attribute = inputs.named["attribute"] {
                    let part = try part(attribute, of: element, line: line)
                    mapped.append(part.isUndefined ? inputs.named["default"] ?? part : part)
                } else if let filter = inputs.first {
                    let more = TemplateInputs(positional: Array(inputs.positional.dropFirst()), named: inputs.named)
                    guard filter.asText.string != "map" else {
                        throw .unsupported(line: line, feature: "map within map")
                    }
                    mapped.append(try self.filter(filter.asText.string, element, more, line: line))
                }
            }
            return .list(mapped)
        case "abs":
            if let integer = value.asInteger, integer != .min { return .integer(Swift.abs(integer)) }
            return .number(Swift.abs(try number(value, line: line)))
        case "int":
            if let integer = value.asInteger { return .integer(integer) }
            if let number = value.asNumber ?? Double(value.asText.string),
                let integer = Int(exactly: number.rounded(.towardZero))
            {
                return .integer(integer)
            }
            return inputs.value(0, "default") ?? .integer(0)
        case "float":
            if let number = value.asNumber ?? Double(value.asText.string) { return .number(number) }
            return inputs.value(0, "default") ?? .number(0)
        case "round": return .number(try rounded(try number(value, line: line), inputs, line: line))
        default: throw .unsupported(line: line, feature: "the filter \(name)")
        }
    }

    private func number(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> Double {
        guard let number = value.asNumber else {
            throw .invalidOperation(line: line, reason: "a \(value.kind) is no number")
        }
        return number
    }

    private func rounded(_ number: Double, _ inputs: TemplateInputs, line: Int) throws(ChatTemplateError) -> Double {
        guard inputs.value(0, "precision")?.asInteger ?? 0 == 0 else {
            throw .unsupported(line: line, feature: "round to places")
        }
        switch inputs.value(1, "method")?.asText.string ?? "common" {
        case "ceil": return number.rounded(.up)
        case "floor": return number.rounded(.down)
        default: return number.rounded(.toNearestOrEven)
        }
    }

    private func length(of value: TemplateValue, line: Int) throws(ChatTemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .text(let text): return text.count
        case .list(let values): return values.count
        case .object(let members): return members.count
        default: throw .invalidOperation(line: line, reason: "a \(value.kind) has no length")
        }
    }

    private func pairs(of value: TemplateValue, line: Int) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .object(let members): return members.map { .list([$0.key, $0.value]) }
        default: throw .invalidOperation(line: line, reason: "a \(value.kind) has no items")
        }
    }

    /// An element's attribute, as filters name it: a key, or keys with dots between, or an index.
    private func part(
        _ attribute: TemplateValue, of element: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        if let index = attribute.asInteger {
            guard case .list(let values) = element, values.indices.contains(index) else { return .undefined("element") }
            return values[index]
        }
        var value = element
        for name in attribute.asText.split(by: TemplateText(".")) {
            if case .object(let members) = value {
                value = TemplateValue.value(of: .text(name), in: members) ?? .undefined(name.string)
            } else {
                value = try self.attribute(name.string, of: value, line: line)
            }
        }
        return value
    }

    private mutating func passes(
        _ value: TemplateValue, _ inputs: ArraySlice<TemplateValue>, line: Int
    ) throws(ChatTemplateError) -> Bool {
        try charge()
        guard let name = inputs.first else { return value.isTrue }
        return try test(name.asText.string, value, Array(inputs.dropFirst()), line: line)
    }

    private mutating func joined(
        _ value: TemplateValue, _ inputs: TemplateInputs, line: Int
    ) throws(ChatTemplateError) -> TemplateText {
        let separator = inputs.value(0, "d")?.asText ?? TemplateText()
        let attribute = inputs.value(1, "attribute")
        var text = TemplateText()
        for (index, element) in try elements(of: value, line: line).enumerated() {
            if index > 0 { text.append(separator) }
            text.append(
                (try attribute.map { (name) throws(ChatTemplateError) in
                    try part(name, of: element, line: line)
                } ?? element).asText)
            try charge(text.count > 1 << 20 ? text.count : 0)
        }
        return text
    }

    private mutating func sorted(
        _ values: [TemplateValue], attribute: TemplateValue?, isReversed: Bool, ignoresCase: Bool, line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var keyed: [(key: TemplateValue, value: TemplateValue)] = []
        for value in values {
            var key = value
            if let attribute { key = try part(attribute, of: value, line: line) }
            if ignoresCase, case .text(let text) = key { key = .text(text.lowercased) }
            keyed.append((key, value))
        }
        // Insertion into a sorted list; comparison can fail, which the library's sort cannot.
        var result: [(key: TemplateValue, value: TemplateValue)] = []
        for entry in keyed {
            var low = 0
            var high = result.count
            while low < high {
                let middle = (low + high) / 2
                let isBefore = try compare(isReversed ? ">" : "<", entry.key, result[middle].key, line: line)
                (low, high) = isBefore ? (low, middle) : (middle + 1, high)
            }
            try charge(result.count)
            result.insert(entry, at: low)
        }
        return result.map(\.value)
    }

    private mutating func replacing(
        _ old: TemplateText, with new: TemplateText, in text: TemplateText, _ count: TemplateValue?
    ) throws(ChatTemplateError) -> TemplateText {
        let limit = count?.asInteger ?? -1
        let places = old.isEmpty ? text.count + 1 : text.places(of: old).count
        let (growth, overflows) = places.multipliedReportingOverflow(by: new.count)
        try charge(overflows ? .max : text.count &+ growth)
        return text.replacing(old, with: new, atMost: limit < 0 ? .max : limit)
    }

    private mutating func indented(
        _ text: TemplateText, _ inputs: TemplateInputs
    ) throws(ChatTemplateError) -> TemplateText {
        let width = inputs.value(0, "width") ?? .integer(4)
        var space = TemplateText(String(repeating: " ", count: max(0, min(width.asInteger ?? 0, 100))))
        if case .text(let given) = width { space = given }
        let lines = text.split(by: TemplateText("\n"))
        let (size, overflows) = lines.count.multipliedReportingOverflow(by: space.count)
        try charge(overflows ? .max : size &+ text.count)
        var result = TemplateText()
        for (index, line) in lines.enumerated() {
            if index > 0 { result.append(TemplateText("\n")) }
            let isIndented = index == 0 ? inputs.value(1, "first")?.isTrue ?? false : true
            if isIndented, !line.isEmpty || inputs.value(2, "blank")?.isTrue ?? false { result.append(space) }
            result.append(line)
        }
        return result
    }

    // MARK: Tests

    mutating func test(
        _ name: String, _ value: TemplateValue, _ inputs: [TemplateValue], line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch name {
        case "defined": return !value.isUndefined
        case "undefined": return value.isUndefined
        case "none": if case .null = value { return true } else { return false }
        case "string": if case .text = value { return true } else { return false }
        case "mapping": if case .object = value { return true } else { return false }
        case "boolean": if case .bool = value { return true } else { return false }
        case "true": if case .bool(true) = value { return true } else { return false }
        case "false": if case .bool(false) = value { return true } else { return false }
        case "integer": if case .integer = value { return true } else { return false }
        case "float": if case .number = value { return true } else { return false }
        case "number": return value.asNumber != nil
        case "sequence", "iterable":
            switch value {
            case .text, .list, .object: return true
            case .undefined: return true
            default: return false
            }
        case "callable":
            switch value {
            case .macro, .function, .method: return true
            default: return false
            }
        case "odd", "even", "divisibleby":
            guard let number = value.asInteger, let divisor = name == "divisibleby" ? inputs.first?.asInteger : 2,
                divisor != 0
            else { throw .invalidOperation(line: line, reason: "\(name) needs whole numbers") }
            let isDivisible = number.remainderReportingOverflow(dividingBy: divisor).partialValue == 0
            return isDivisible != (name == "odd")
        case "eq", "equalto", "==", "ne", "!=", "lt", "lessthan", "<", "gt", "greaterthan", ">", "le", "<=", "ge", ">=",
            "in":
            guard let other = inputs.first else { throw .invalidOperation(line: line, reason: "\(name) needs a value") }
            let operations = [
                "eq": "==", "equalto": "==", "ne": "!=", "lt": "<", "lessthan": "<", "gt": ">", "greaterthan": ">",
                "le": "<=", "ge": ">=",
            ]
            return try compare(operations[name] ?? name, value, other, line: line)
        case "upper", "lower":
            let text = value.asText
            guard text.scalars.contains(where: { $0.properties.isCased }) else { return false }
            return text == (name == "upper" ? text.uppercased : text.lowercased)
        default: throw .unsupported(line: line, feature: "the test \(name)")
        }
    }

    // MARK: Methods

    mutating func method(
        _ name: String, of value: TemplateValue, _ inputs: TemplateInputs, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .text(let text): return try method(name, of: text, inputs, line: line)
        case .object(let members):
            try charge(members.count)
            switch name {
            case "keys": return .list(members.map(\.key))
            case "values": return .list(members.map(\.value))
            case "items": return .list(try pairs(of: value, line: line))
            default:
                guard let key = inputs.first else { throw .invalidOperation(line: line, reason: "get needs a key") }
                return TemplateValue.value(of: key, in: members)
                    ?? (inputs.positional.count > 1 ? inputs.positional[1] : inputs.named["default"] ?? .null)
            }
        case .list(let values):
            guard let element = inputs.first else {
                throw .invalidOperation(line: line, reason: "\(name) needs a value")
            }
            try charge(values.count)
            if name == "count" { return .integer(values.filter { $0 == element }.count) }
            guard let place = values.firstIndex(where: { $0 == element }) else {
                throw .invalidOperation(line: line, reason: "the element is not in the list")
            }
            return .integer(place)
        default: throw .invalidOperation(line: line, reason: "a \(value.kind) has no \(name)")
        }
    }

    private mutating func method(
        _ name: String, of text: TemplateText, _ inputs: TemplateInputs, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        try charge(text.count)
        func given(_ place: Int, _ name: String) throws(ChatTemplateError) -> TemplateText {
            guard case .text(let text)? = inputs.value(place, name) else {
                throw .invalidOperation(line: line, reason: "a text is missing")
            }
            return text
        }
        /// A text or, for Python's tuples, several.
        func anyOf(_ passes: (TemplateText) -> Bool) throws(ChatTemplateError) -> TemplateValue {
            if case .list(let values)? = inputs.first { return .bool(values.contains { passes($0.asText) }) }
            return .bool(passes(try given(0, "prefix")))
        }
        switch name {
        case "strip", "lstrip", "rstrip":
            return .text(
                text.stripped(of: inputs.value(0, "chars")?.asText, left: name != "rstrip", right: name != "lstrip"))
        case "startswith": return try anyOf(text.hasPrefix)
        case "endswith": return try anyOf(text.hasSuffix)
        case "upper": return .text(text.uppercased)
        case "lower": return .text(text.lowercased)
        case "capitalize": return .text(text.capitalized)
        case "title": return .text(text.titlecased { !$0.properties.isAlphabetic })
        case "replace":
            return .text(try replacing(given(0, "old"), with: given(1, "new"), in: text, inputs.value(2, "count")))
        case "split", "rsplit":
            let count = inputs.value(1, "maxsplit")?.asInteger ?? -1
            let limit = count < 0 ? Int.max : count
            guard let separator = inputs.value(0, "sep") else {
                guard name == "split" || limit == .max else {
                    throw .unsupported(line: line, feature: "rsplit by white space with a limit")
                }
                return .list(text.words(atMost: limit).map(TemplateValue.text))
            }
            guard !separator.asText.isEmpty else { throw .invalidOperation(line: line, reason: "split by nothing") }
            return .list(
                text.split(by: separator.asText, atMost: limit, fromEnd: name == "rsplit").map(TemplateValue.text))
        case "splitlines":
            var lines = text.split(by: TemplateText("\n"))
            if lines.last?.isEmpty ?? false { lines.removeLast() }
            return .list(lines.map(TemplateValue.text))
        case "join":
            return .text(try joined(inputs.first ?? .list([]), TemplateInputs(positional: [.text(text)]), line: line))
        case "find": return .integer(text.places(of: try given(0, "sub"), atMost: 1).first ?? -1)
        case "rfind": return .integer(text.places(of: try given(0, "sub")).last ?? -1)
        case "count": return .integer(text.places(of: try given(0, "sub")).count)
        case "removeprefix":
            let prefix = try given(0, "prefix")
            return .text(text.hasPrefix(prefix) ? text[prefix.count..<text.count] : text)
        case "removesuffix":
            let suffix = try given(0, "suffix")
            return .text(text.hasSuffix(suffix) ? text[0..<text.count - suffix.count] : text)
        case "isdigit":
            return .bool(!text.isEmpty && text.scalars.allSatisfy { $0.properties.numericType == .decimal })
        case "isalpha": return .bool(!text.isEmpty && text.scalars.allSatisfy(\.properties.isAlphabetic))
        default: return .bool(!text.isEmpty && text.scalars.allSatisfy(TemplateText.isSpace))
        }
    }
}
