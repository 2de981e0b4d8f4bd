/// What stands within a tag: values and what is done with them, one function for each level of Jinja's precedence.
extension TemplateParser {
    /// An expression, or several with commas between, which are a list.
    mutating func expressions() throws(ChatTemplateError) -> TemplateExpression {
        let first = try expression()
        guard isNext(",") else { return first }
        var list = [first]
        while take(",") {
            if position == tokens.count { break }
            list.append(try expression())
        }
        return .list(list)
    }

    mutating func expression(allowingConditional: Bool = true) throws(ChatTemplateError) -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw .limitExceeded(name: "nested brackets", limit: Self.maximumDepth)
        }
        var value = try or()
        while allowingConditional, takeName("if") {
            let condition = try or()
            let otherwise = takeName("else") ? try expression() : nil
            value = .conditional(condition, then: value, otherwise: otherwise)
        }
        return value
    }

    private mutating func or() throws(ChatTemplateError) -> TemplateExpression {
        var left = try and()
        while takeName("or") { left = .or(left, try and()) }
        return left
    }

    private mutating func and() throws(ChatTemplateError) -> TemplateExpression {
        var left = try not()
        while takeName("and") { left = .and(left, try not()) }
        return left
    }

    private mutating func not() throws(ChatTemplateError) -> TemplateExpression {
        var count = 0
        while takeName("not") { count += 1 }
        var value = try comparison()
        for _ in 0..<min(count, 2 - count % 2) { value = .not(value) }
        return value
    }

    private mutating func comparison() throws(ChatTemplateError) -> TemplateExpression {
        let left = try sum()
        var parts: [(operation: String, right: TemplateExpression)] = []
        while true {
            if let sign = ["==", "!=", "<=", ">=", "<", ">"].first(where: { isNext($0) }) {
                position += 1
                parts.append((sign, try sum()))
            } else if takeName("in") {
                parts.append(("in", try sum()))
            } else if isNextName("not"), position + 1 < tokens.count, tokens[position + 1] == .name("in") {
                position += 2
                parts.append(("not in", try sum()))
            } else {
                return parts.isEmpty ? left : .comparison(left, parts, line: line)
            }
        }
    }

    private mutating func sum() throws(ChatTemplateError) -> TemplateExpression {
        var left = try concatenation()
        while let sign = ["+", "-"].first(where: { isNext($0) }) {
            position += 1
            left = .operation(sign, left, try concatenation(), line: line)
        }
        return left
    }

    private mutating func concatenation() throws(ChatTemplateError) -> TemplateExpression {
        var left = try product()
        while take("~") { left = .operation("~", left, try product(), line: line) }
        return left
    }

    private mutating func product() throws(ChatTemplateError) -> TemplateExpression {
        var left = try power()
        while let sign = ["*", "//", "/", "%"].first(where: { isNext($0) }) {
            position += 1
            left = .operation(sign, left, try power(), line: line)
        }
        return left
    }

    private mutating func power() throws(ChatTemplateError) -> TemplateExpression {
        var left = try unary(filters: true)
        while take("**") { left = .operation("**", left, try unary(filters: true), line: line) }
        return left
    }

    private mutating func unary(filters: Bool) throws(ChatTemplateError) -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw .limitExceeded(name: "nested signs", limit: Self.maximumDepth) }
        var value: TemplateExpression
        if take("-") {
            value = .negative(try unary(filters: false), line: line)
        } else if take("+") {
            value = try unary(filters: false)
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return filters ? try filtersAndTests(value) : value
    }

    private mutating func primary() throws(ChatTemplateError) -> TemplateExpression {
        guard position < tokens.count else { throw .malformed(line: line, reason: "a value is missing") }
        let token = tokens[position]
        position += 1
        switch token {
        case .name("true"), .name("True"): return .constant(.bool(true))
        case .name("false"), .name("False"): return .constant(.bool(false))
        case .name("none"), .name("None"): return .constant(.null)
        case .name(let name): return .name(name, line: line)
        case .integer(let value): return .constant(.integer(value))
        case .number(let value): return .constant(.number(value))
        case .text(var text):
            while position < tokens.count, case .text(let more) = tokens[position] {
                text += more
                position += 1
            }
            return .constant(.text(text))
        case .sign("("):
            if take(")") { return .list([]) }
            let first = try expression()
            if take(")") { return first }
            var list = [first]
            while take(",") {
                if isNext(")") { break }
                list.append(try expression())
            }
            guard take(")") else { throw .malformed(line: line, reason: "a ( does not end") }
            return .list(list)
        case .sign("["):
            var list: [TemplateExpression] = []
            while !take("]") {
                if !list.isEmpty, !take(",") { throw .malformed(line: line, reason: "a [ does not end") }
                if take("]") { break }
                list.append(try expression())
            }
            return .list(list)
        case .sign("{"):
            var members: [(key: TemplateExpression, value: TemplateExpression)] = []
            while !take("}") {
                if !members.isEmpty, !take(",") { throw .malformed(line: line, reason: "a { does not end") }
                if take("}") { break }
                let key = try expression()
                guard take(":") else { throw .malformed(line: line, reason: "a : is missing") }
                members.append((key, try expression()))
            }
            return .object(members)
        case .sign(let sign): throw .malformed(line: line, reason: "unexpected \(sign)")
        }
    }

    private mutating func postfix(_ value: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression {
        var value = value
        while true {
            if take(".") {
                if position < tokens.count, case .integer(let index) = tokens[position] {
                    position += 1
                    value = .item(value, .constant(.integer(index)), line: line)
                } else {
                    value = .attribute(value, try name(), line: line)
                }
            } else if take("[") {
                value = try subscripted(value)
            } else if isNext("(") {
                value = .call(value, try arguments(), line: line)
            } else {
                return value
            }
        }
    }

    private mutating func subscripted(_ value: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression {
        func part() throws(ChatTemplateError) -> TemplateExpression? {
            isNext(":") || isNext("]") ? nil : try expression()
        }
        let first = try part()
        if take("]") {
            guard let first else { throw .malformed(line: line, reason: "a subscript is empty") }
            return .item(value, first, line: line)
        }
        guard take(":") else { throw .malformed(line: line, reason: "a subscript does not end") }
        let second = try part()
        let third = take(":") ? try part() : nil
        guard take("]") else { throw .malformed(line: line, reason: "a subscript does not end") }
        return .slice(value, from: first, to: second, step: third, line: line)
    }

    private mutating func arguments() throws(ChatTemplateError) -> TemplateArguments {
        var arguments = TemplateArguments()
        guard take("(") else { return arguments }
        var isFirst = true
        while !take(")") {
            if !isFirst, !take(",") { throw .malformed(line: line, reason: "arguments do not end") }
            if take(")") { break }
            isFirst = false
            if isNext("*") || isNext("**") { throw .unsupported(line: line, feature: "spread arguments") }
            if position + 1 < tokens.count, case .name(let name) = tokens[position], tokens[position + 1] == .sign("=")
            {
                position += 2
                arguments.named.append((name, try expression()))
            } else {
                guard arguments.named.isEmpty else {
                    throw .malformed(line: line, reason: "a positional argument after a named one")
                }
                arguments.positional.append(try expression())
            }
        }
        return arguments
    }

    private mutating func filtersAndTests(_ value: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression {
        var value = value
        while true {
            if take("|") {
                let filter = try name()
                value = .filter(value, filter, try arguments(), line: line)
            } else if takeName("is") {
                let isNegated = takeName("not")
                let test = try name()
                var given = TemplateArguments()
                if isNext("(") {
                    given = try arguments()
                } else if let token = position < tokens.count ? tokens[position] : nil {
                    switch token {
                    case .name("else"), .name("or"), .name("and"), .name("if"), .name("is"), .name("not"), .name("in"),
                        .sign:
                        if token == .sign("[") || token == .sign("{") {
                            given.positional = [try postfix(try primary())]
                        }
                    default: given.positional = [try postfix(try primary())]
                    }
                }
                value = .test(value, test, given, line: line)
                if isNegated { value = .not(value) }
            } else if isNext("(") {
                value = .call(value, try arguments(), line: line)
            } else {
                return value
            }
        }
    }
}
