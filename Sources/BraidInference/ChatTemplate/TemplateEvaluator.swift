/// Renders a parsed template: nothing it can do reaches beyond its values, and everything it does is counted.
struct TemplateEvaluator {
    private let limits: ChatTemplateLimits
    private let time: ChatTime?
    private var steps = 0
    private var depth = 0
    /// Variables, innermost last; the first scope holds what the caller gave, the second the template's own.
    private var scopes: [[String: TemplateValue]]
    private var namespaces: [[String: TemplateValue]] = []
    private var macros: [TemplateStatement.Macro] = []
    private var output = TemplateText()

    private enum Exit {
        case none, breaks, continues
    }

    init(_ variables: [String: TemplateValue], limits: ChatTemplateLimits, time: ChatTime?) {
        self.limits = limits
        self.time = time
        scopes = [variables, [:]]
    }

    /// The text of a whole template.
    mutating func render(_ template: [TemplateStatement]) throws(ChatTemplateError) -> TemplateText {
        _ = try run(template)
        return output
    }

    // MARK: Limits

    /// Counts work: an operation, and what its result holds.
    mutating func charge(_ size: Int = 0) throws(ChatTemplateError) {
        guard size <= limits.outputCharacters else {
            throw .limitExceeded(name: "characters of a text", limit: limits.outputCharacters)
        }
        steps += 1 + size / 64
        guard steps <= limits.steps else { throw .limitExceeded(name: "steps", limit: limits.steps) }
    }

    private mutating func charged(_ value: TemplateValue) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .text(let text): try charge(text.count)
        case .list(let values): try charge(values.count)
        case .object(let members): try charge(members.count)
        default: try charge()
        }
        return value
    }

    /// Values within each other.
    private static let maximumNesting = 120

    /// Counts what a value holds, all the way down, and refuses one that nests too deeply: values are compared, written
    /// and freed by recursion.
    mutating func weigh(_ value: TemplateValue, nesting: Int = 0) throws(ChatTemplateError) {
        guard nesting <= Self.maximumNesting else {
            throw .limitExceeded(name: "values within each other", limit: Self.maximumNesting)
        }
        switch value {
        case .text(let text): try charge(text.count)
        case .list(let values):
            try charge(values.count)
            for value in values { try weigh(value, nesting: nesting + 1) }
        case .object(let members):
            try charge(members.count)
            for member in members {
                try weigh(member.key, nesting: nesting + 1)
                try weigh(member.value, nesting: nesting + 1)
            }
        case .method(let receiver, _): try weigh(receiver, nesting: nesting + 1)
        default: try charge()
        }
    }

    private mutating func enter() throws(ChatTemplateError) {
        depth += 1
        guard depth <= limits.depth else {
            throw .limitExceeded(name: "expressions within each other", limit: limits.depth)
        }
    }

    // MARK: Statements

    private mutating func write(_ text: TemplateText) throws(ChatTemplateError) {
        try charge(text.count)
        output.append(text)
        guard output.count <= limits.outputCharacters else {
            throw .limitExceeded(name: "characters", limit: limits.outputCharacters)
        }
    }

    private mutating func run(_ statements: [TemplateStatement]) throws(ChatTemplateError) -> Exit {
        for statement in statements {
            let exit = try run(statement)
            if exit != .none { return exit }
        }
        return .none
    }

    private mutating func run(_ statement: TemplateStatement) throws(ChatTemplateError) -> Exit {
        try charge()
        switch statement {
        case .text(let text): try write(text)
        case .output(let expression):
            let value = try evaluate(expression)
            try weigh(value)
            try write(value.asText)
        case .set(let target, let expression, let line): try assign(try evaluate(expression), to: target, line: line)
        case .capture(let target, let body, let line):
            let text = try captured { (evaluator) throws(ChatTemplateError) in
                evaluator.scopes.append([:])
                _ = try evaluator.run(body)
                evaluator.scopes.removeLast()
            }
            try assign(.text(text), to: target, line: line)
        case .branches(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition).isTrue { return try run(branch.body) }
            return try run(otherwise)
        case .loop(let names, let list, let condition, let body, let otherwise, let line):
            return try loop(names, try evaluate(list), condition, body, otherwise, line)
        case .macro(let macro):
            macros.append(macro)
            scopes[scopes.count - 1][macro.name] = .macro(macros.count - 1)
        case .exit(let isBreak): return isBreak ? .breaks : .continues
        }
        return .none
    }

    /// What `body` writes, in place of writing it.
    private mutating func captured(
        _ body: (inout TemplateEvaluator) throws(ChatTemplateError) -> Void
    ) throws(ChatTemplateError) -> TemplateText {
        let outer = output
        output = TemplateText()
        try body(&self)
        let text = output
        output = outer
        return text
    }

    private mutating func assign(
        _ value: TemplateValue, to target: TemplateStatement.Target, line: Int
    ) throws(ChatTemplateError) {
        switch target {
        case .name(let name): scopes[scopes.count - 1][name] = value
        case .several(let names): try unpack(value, into: names, line: line)
        case .attribute(let object, let name):
            guard case .namespace(let index) = lookUp(object) else {
                throw .invalidOperation(line: line, reason: "\(object) is no namespace, so nothing in it can be set")
            }
            namespaces[index][name] = value
        }
    }

    private mutating func unpack(
        _ value: TemplateValue, into names: [String], line: Int
    ) throws(ChatTemplateError) {
        let values = try elements(of: value, line: line)
        guard values.count == names.count else {
            throw .invalidOperation(
                line: line, reason: "\(values.count) values cannot be given to \(names.count) names")
        }
        for (name, value) in zip(names, values) { scopes[scopes.count - 1][name] = value }
    }

    private mutating func loop(
        _ names: [String], _ list: TemplateValue, _ condition: TemplateExpression?, _ body: [TemplateStatement],
        _ otherwise: [TemplateStatement], _ line: Int
    ) throws(ChatTemplateError) -> Exit {
        var values = try elements(of: list, line: line)
        func bind(_ value: TemplateValue) throws(ChatTemplateError) {
            if names.count == 1 {
                scopes[scopes.count - 1][names[0]] = value
            } else {
                try unpack(value, into: names, line: line)
            }
        }
        scopes.append([:])
        defer { scopes.removeLast() }
        if let condition {
            var chosen: [TemplateValue] = []
            for value in values {
                try charge()
                try bind(value)
                if try evaluate(condition).isTrue { chosen.append(value) }
            }
            values = chosen
        }
        if values.isEmpty { return try run(otherwise) }
        for (index, value) in values.enumerated() {
            try charge()
            scopes[scopes.count - 1] = [:]
            func member(_ name: String, _ value: TemplateValue) -> TemplateValue.Member {
                TemplateValue.Member(key: .text(name), value: value)
            }
            scopes[scopes.count - 1]["loop"] = .object([
                member("index", .integer(index + 1)), member("index0", .integer(index)),
                member("first", .bool(index == 0)), member("last", .bool(index == values.count - 1)),
                member("length", .integer(values.count)), member("revindex", .integer(values.count - index)),
                member("revindex0", .integer(values.count - index - 1)),
                member("previtem", index > 0 ? values[index - 1] : .undefined("previtem")),
                member("nextitem", index < values.count - 1 ? values[index + 1] : .undefined("nextitem")),
            ])
            try bind(value)
            if try run(body) == .breaks { break }
        }
        return .none
    }

    // MARK: Expressions

    private func lookUp(_ name: String) -> TemplateValue {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        switch name {
        case "range", "namespace", "dict", "raise_exception": return .function(name)
        case "strftime_now" where time != nil: return .function(name)
        default: return .undefined(name)
        }
    }

    /// The value of an expression.
    mutating func evaluate(_ expression: TemplateExpression) throws(ChatTemplateError) -> TemplateValue {
        try enter()
        defer { depth -= 1 }
        try charge()
        switch expression {
        case .constant(let value): return value
        case .name(let name, _): return lookUp(name)
        case .list(let list):
            let value = TemplateValue.list(try evaluate(list))
            try weigh(value)
            return value
        case .object(let pairs): return try object(pairs)
        case .attribute(let value, let name, let line): return try attribute(name, of: try evaluate(value), line: line)
        case .item(let value, let key, let line):
            return try item(try evaluate(key), of: try evaluate(value), line: line)
        case .slice(let value, let from, let to, let step, let line):
            return try slice(value, from: from, to: to, step: step, line: line)
        case .call(let callee, let arguments, let line): return try call(callee, arguments, line: line)
        case .filter(let value, let name, let arguments, let line):
            let input = try evaluate(value)
            return try charged(try filter(name, input, try evaluate(arguments), line: line))
        case .test(let value, let name, let arguments, let line):
            let input = try evaluate(value)
            return .bool(try test(name, input, try evaluate(arguments).positional, line: line))
        case .not(let value): return .bool(!(try evaluate(value).isTrue))
        case .negative(let value, let line): return try negative(try evaluate(value), line: line)
        case .operation(let sign, let left, let right, let line):
            let first = try evaluate(left)
            let second = try evaluate(right)
            try weigh(first)
            try weigh(second)
            return try charged(try operate(sign, first, second, line: line))
        case .comparison(let first, let parts, let line):
            var left = try evaluate(first)
            for part in parts {
                let right = try evaluate(part.right)
                guard try compare(part.operation, left, right, line: line) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .and(let left, let right):
            let left = try evaluate(left)
            return left.isTrue ? try evaluate(right) : left
        case .or(let left, let right):
            let left = try evaluate(left)
            return left.isTrue ? left : try evaluate(right)
        case .conditional(let condition, let then, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(then) }
            guard let otherwise else { return .undefined("value of an if without else") }
            return try evaluate(otherwise)
        }
    }

    private mutating func evaluate(_ list: [TemplateExpression]) throws(ChatTemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for expression in list { values.append(try evaluate(expression)) }
        return values
    }

    private mutating func evaluate(_ arguments: TemplateArguments) throws(ChatTemplateError) -> TemplateInputs {
        var inputs = TemplateInputs(positional: try evaluate(arguments.positional))
        for (name, value) in arguments.named { inputs.named[name] = try evaluate(value) }
        return inputs
    }

    private mutating func object(
        _ pairs: [(key: TemplateExpression, value: TemplateExpression)]
    ) throws(ChatTemplateError) -> TemplateValue {
        var members: [TemplateValue.Member] = []
        for pair in pairs {
            let key = try evaluate(pair.key)
            let value = try evaluate(pair.value)
            try charge(members.count)
            if let place = members.firstIndex(where: { $0.key == key }) {
                members[place].value = value
            } else {
                members.append(TemplateValue.Member(key: key, value: value))
            }
        }
        try weigh(.object(members))
        return .object(members)
    }

    /// What a loop goes over.
    mutating func elements(of value: TemplateValue, line: Int) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .list(let values): return values
        case .object(let members): return members.map(\.key)
        case .text(let text):
            try charge(text.count)
            return (0..<text.count).map { .text(text[$0..<$0 + 1]) }
        default: throw .invalidOperation(line: line, reason: "a \(value.kind) cannot be gone through")
        }
    }

    private static let objectMethods: Set<String> = ["items", "keys", "values", "get"]
    private static let textMethods: Set<String> = [
        "split", "rsplit", "strip", "lstrip", "rstrip", "startswith", "endswith", "upper", "lower", "title",
        "capitalize",
        "replace", "find", "rfind", "count", "join", "splitlines", "removeprefix", "removesuffix", "isdigit", "isalpha",
        "isspace",
    ]

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

    private mutating func item(
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

    private mutating func slice(
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

    // MARK: Calls

    private mutating func call(
        _ callee: TemplateExpression, _ arguments: TemplateArguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let function = try evaluate(callee)
        let inputs = try evaluate(arguments)
        switch function {
        case .macro(let index): return .text(try call(macros[index], inputs, line: line))
        case .method(let value, let name): return try charged(try method(name, of: value, inputs, line: line))
        case .function(let name): return try call(name, inputs, line: line)
        default: throw .invalidOperation(line: line, reason: "a \(function.kind) cannot be called")
        }
    }

    private mutating func call(
        _ macro: TemplateStatement.Macro, _ inputs: TemplateInputs, line: Int
    ) throws(ChatTemplateError) -> TemplateText {
        guard inputs.positional.count <= macro.parameters.count else {
            throw .invalidOperation(line: line, reason: "\(macro.name) takes \(macro.parameters.count) arguments")
        }
        for name in inputs.named.keys where !macro.parameters.contains(where: { $0.name == name }) {
            throw .invalidOperation(line: line, reason: "\(macro.name) takes no argument \(name)")
        }
        try enter()
        defer { depth -= 1 }
        let outer = scopes
        defer { scopes = outer }
        scopes = Array(outer[..<2]) + [[:]]
        for (index, parameter) in macro.parameters.enumerated() {
            var value =
                inputs.positional.indices.contains(index) ? inputs.positional[index] : inputs.named[parameter.name]
            if value == nil, let expression = parameter.value { value = try evaluate(expression) }
            scopes[2][parameter.name] = value ?? .undefined(parameter.name)
        }
        return try captured { (evaluator) throws(ChatTemplateError) in _ = try evaluator.run(macro.body) }
    }

    private mutating func call(
        _ name: String, _ inputs: TemplateInputs, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "raise_exception": throw .refused(reason: inputs.first?.asText.string ?? "")
        case "strftime_now":
            guard let time, case .text(let format)? = inputs.first else { return .undefined(name) }
            return .text(TemplateText(time.formatted(format.string)))
        case "namespace":
            namespaces.append(inputs.named)
            if case .object(let members)? = inputs.first {
                for member in members { namespaces[namespaces.count - 1][member.key.asText.string] = member.value }
            }
            return .namespace(namespaces.count - 1)
        case "dict":
            var members: [TemplateValue.Member] = []
            if case .object(let given)? = inputs.first { members = given }
            for (name, value) in inputs.named.sorted(by: { $0.key < $1.key }) {
                members.append(TemplateValue.Member(key: .text(name), value: value))
            }
            try weigh(.object(members))
            return .object(members)
        default:
            let bounds = inputs.positional.compactMap(\.asInteger)
            guard bounds.count == inputs.positional.count, (1...3).contains(bounds.count) else {
                throw .invalidOperation(line: line, reason: "range takes one to three whole numbers")
            }
            let step = bounds.count == 3 ? bounds[2] : 1
            let (first, last) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
            guard step != 0 else { throw .invalidOperation(line: line, reason: "range's step is 0") }
            // Jinja's own limit.
            let (distance, overflows) = last.subtractingReportingOverflow(first)
            guard !overflows, distance.magnitude / step.magnitude <= 100_000 else {
                throw .limitExceeded(name: "numbers in a range", limit: 100_000)
            }
            let numbers = stride(from: first, to: last, by: step).map(TemplateValue.integer)
            try charge(numbers.count)
            return .list(numbers)
        }
    }

    // MARK: Operations

    private func negative(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        if let integer = value.asInteger, integer != .min { return .integer(-integer) }
        guard let number = value.asNumber else {
            throw .invalidOperation(line: line, reason: "a \(value.kind) has no negative")
        }
        return .number(-number)
    }

    private mutating func operate(
        _ sign: String, _ left: TemplateValue, _ right: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (sign, left, right) {
        case ("~", _, _): return .text(left.asText + right.asText)
        case ("+", .text(let left), .text(let right)): return .text(left + right)
        case ("+", .list(let left), .list(let right)): return .list(left + right)
        case ("*", .text(let text), let count), ("*", let count, .text(let text)):
            guard let count = count.asInteger else { break }
            let (size, overflows) = text.count.multipliedReportingOverflow(by: max(0, count))
            try charge(overflows ? .max : size)
            var result = TemplateText()
            if !text.isEmpty { for _ in 0..<max(0, count) { result.append(text) } }
            return .text(result)
        case ("%", .text, _): throw .unsupported(line: line, feature: "formatting with %")
        default: break
        }
        if let first = left.asInteger, let second = right.asInteger,
            let result = try operate(sign, first, second, line: line)
        {
            return result
        }
        guard let first = left.asNumber, let second = right.asNumber else {
            throw .invalidOperation(line: line, reason: "\(left.kind) \(sign) \(right.kind)")
        }
        if sign == "/" || sign == "//" || sign == "%", second == 0 {
            throw .invalidOperation(line: line, reason: "division by zero")
        }
        switch sign {
        case "+": return .number(first + second)
        case "-": return .number(first - second)
        case "*": return .number(first * second)
        case "/": return .number(first / second)
        case "//": return .number((first / second).rounded(.down))
        case "%": return .number(first - second * (first / second).rounded(.down))
        default: throw .unsupported(line: line, feature: "powers of such numbers")
        }
    }

    /// Whole numbers stay whole, but for division.
    private func operate(
        _ sign: String, _ left: Int, _ right: Int, line: Int
    ) throws(ChatTemplateError) -> TemplateValue? {
        let result: (partialValue: Int, overflow: Bool)
        switch sign {
        case "+": result = left.addingReportingOverflow(right)
        case "-": result = left.subtractingReportingOverflow(right)
        case "*": result = left.multipliedReportingOverflow(by: right)
        case "//", "%":
            guard right != 0 else { throw .invalidOperation(line: line, reason: "division by zero") }
            let quotient = left.dividedReportingOverflow(by: right)
            let remainder = left.remainderReportingOverflow(dividingBy: right)
            guard !quotient.overflow, !remainder.overflow else {
                throw .invalidOperation(line: line, reason: "a number is too large")
            }
            // Rounded down, as Python does.
            let isDown = remainder.partialValue != 0 && (remainder.partialValue < 0) != (right < 0)
            if sign == "//" { return .integer(quotient.partialValue - (isDown ? 1 : 0)) }
            return .integer(remainder.partialValue + (isDown ? right : 0))
        case "**":
            guard right >= 0, right <= 64 else { return nil }
            var power = 1
            for _ in 0..<right {
                let next = power.multipliedReportingOverflow(by: left)
                guard !next.overflow else { throw .invalidOperation(line: line, reason: "a number is too large") }
                power = next.partialValue
            }
            return .integer(power)
        default: return nil
        }
        guard !result.overflow else { throw .invalidOperation(line: line, reason: "a number is too large") }
        return .integer(result.partialValue)
    }

    mutating func compare(
        _ operation: String, _ left: TemplateValue, _ right: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch operation {
        case "==":
            try weigh(left)
            return left == right
        case "!=":
            try weigh(left)
            return !(left == right)
        case "in": return try contains(right, left, line: line)
        case "not in": return !(try contains(right, left, line: line))
        default: break
        }
        let isLess: Bool
        let isGreater: Bool
        if let left = left.asNumber, let right = right.asNumber {
            (isLess, isGreater) = (left < right, left > right)
        } else if case .text(let left) = left, case .text(let right) = right {
            isLess = left.scalars.lexicographicallyPrecedes(right.scalars)
            isGreater = right.scalars.lexicographicallyPrecedes(left.scalars)
        } else {
            throw .invalidOperation(line: line, reason: "\(left.kind) \(operation) \(right.kind)")
        }
        switch operation {
        case "<": return isLess
        case ">": return isGreater
        case "<=": return !isGreater
        default: return !isLess
        }
    }

    private mutating func contains(
        _ container: TemplateValue, _ value: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> Bool {
        if case .object(let members) = container { try charge(members.count) } else { try weigh(container) }
        switch (container, value) {
        case (.text(let text), .text(let part)): return text.contains(part)
        case (.list(let values), _): return values.contains { $0 == value }
        case (.object(let members), _): return TemplateValue.value(of: value, in: members) != nil
        case (.undefined, _): return false
        default: throw .invalidOperation(line: line, reason: "\(value.kind) in \(container.kind)")
        }
    }
}

/// What a function, a filter or a test was given.
struct TemplateInputs {
    var positional: [TemplateValue] = []
    var named: [String: TemplateValue] = [:]

    var first: TemplateValue? { positional.first }

    /// An argument by its place or its name; nothing if it is not given or none.
    func value(_ place: Int, _ name: String) -> TemplateValue? {
        let value = positional.indices.contains(place) ? positional[place] : named[name]
        if case .null? = value { return nil }
        return value
    }
}
