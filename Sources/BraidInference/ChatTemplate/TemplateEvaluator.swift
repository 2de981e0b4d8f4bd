/// Renders a parsed template: nothing it can do reaches beyond its values, and everything it does is counted.
struct TemplateEvaluator {
    private let limits: ChatTemplateLimits
    private let time: ChatTime?
    private var steps = 0
    private var depth = 0
    /// Variables, innermost last; the first scope holds what the caller gave, the second the template's own.
    private var scopes: [[String: TemplateValue]]
    private(set) var namespaces: [[String: TemplateValue]] = []
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
}
