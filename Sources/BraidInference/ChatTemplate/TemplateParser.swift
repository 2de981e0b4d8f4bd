/// Reads a template's tags into statements and expressions, with Jinja's order of precedence.
struct TemplateParser {
    /// Statements within statements, and brackets within brackets.
    private static let maximumDepth = 40

    private let segments: [TemplateLexer.Segment]
    private var place = 0
    private var tokens: [TemplateLexer.Token] = []
    private var position = 0
    private var line = 1
    private var depth = 0

    init(_ template: String) throws(ChatTemplateError) {
        var lexer = TemplateLexer(template)
        segments = try lexer.segments()
    }

    /// The whole template.
    mutating func template() throws(ChatTemplateError) -> [TemplateStatement] {
        let (statements, end) = try body(until: [], isLoop: false)
        if let end { throw .malformed(line: line, reason: "unexpected \(end)") }
        return statements
    }

    // MARK: Statements

    /// The statements up to one of `ends`, and which of them it was.
    private mutating func body(
        until ends: Set<String>, isLoop: Bool
    ) throws(ChatTemplateError) -> (statements: [TemplateStatement], end: String?) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw .limitExceeded(name: "nested tags", limit: Self.maximumDepth) }
        var statements: [TemplateStatement] = []
        while place < segments.count {
            let segment = segments[place]
            place += 1
            switch segment {
            case .text(let text): statements.append(.text(TemplateText(text)))
            case .output(let tokens, let line):
                begin(tokens, line)
                statements.append(.output(try expressions()))
                try finish()
            case .statement(let tokens, let line):
                begin(tokens, line)
                let keyword = try name()
                if ends.contains(keyword) { return (statements, keyword) }
                if let statement = try statement(keyword, isLoop: isLoop) { statements.append(statement) }
            }
        }
        guard ends.isEmpty else {
            throw .malformed(line: line, reason: "a tag lacks its \(ends.sorted().joined(separator: " or "))")
        }
        return (statements, nil)
    }

    private mutating func begin(_ tokens: [TemplateLexer.Token], _ line: Int) {
        self.tokens = tokens
        self.line = line
        position = 0
    }

    private func finish() throws(ChatTemplateError) {
        guard position == tokens.count else {
            throw .malformed(line: line, reason: "unexpected \(Self.spelled(tokens[position]))")
        }
    }

    private static func spelled(_ token: TemplateLexer.Token) -> String {
        switch token {
        case .name(let name): name
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let text): text.debugDescription
        case .sign(let sign): sign
        }
    }

    private mutating func statement(
        _ keyword: String, isLoop: Bool
    ) throws(ChatTemplateError) -> TemplateStatement? {
        let line = line
        switch keyword {
        case "if":
            var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
            var otherwise: [TemplateStatement] = []
            var condition = try expressions()
            try finish()
            while true {
                let (body, end) = try body(until: ["elif", "else", "endif"], isLoop: isLoop)
                branches.append((condition, body))
                if end == "elif" {
                    condition = try expressions()
                    try finish()
                    continue
                }
                try finish()
                if end == "else" { otherwise = try self.body(until: ["endif"], isLoop: isLoop).statements }
                try finish()
                return .branches(branches, otherwise: otherwise)
            }
        case "for":
            let names = try names()
            guard takeName("in") else { throw .malformed(line: line, reason: "for without in") }
            let list = try expression(allowingConditional: false)
            let condition = takeName("if") ? try expression() : nil
            if takeName("recursive") { throw .unsupported(line: line, feature: "a recursive loop") }
            try finish()
            let (body, end) = try body(until: ["else", "endfor"], isLoop: true)
            try finish()
            var otherwise: [TemplateStatement] = []
            if end == "else" { otherwise = try self.body(until: ["endfor"], isLoop: isLoop).statements }
            try finish()
            return .loop(names, in: list, where: condition, body: body, otherwise: otherwise, line: line)
        case "set":
            let first = try name()
            let target: TemplateStatement.Target
            if take(".") {
                target = .attribute(of: first, try name())
            } else if isNext(",") {
                position -= 1
                target = .several(try names())
            } else {
                target = .name(first)
            }
            if take("=") {
                let value = try expressions()
                try finish()
                return .set(target, value, line: line)
            }
            if isNext("|") { throw .unsupported(line: line, feature: "a set block with a filter") }
            try finish()
            let body = try body(until: ["endset"], isLoop: false).statements
            try finish()
            return .capture(target, body, line: line)
        case "macro":
            let name = try name()
            guard take("(") else { throw .malformed(line: line, reason: "a macro without parameters") }
            var parameters: [(name: String, value: TemplateExpression?)] = []
            while !take(")") {
                if !parameters.isEmpty, !take(",") { throw .malformed(line: line, reason: "a macro's parameters") }
                if take(")") { break }
                let parameter = try self.name()
                parameters.append((parameter, take("=") ? try expression() : nil))
            }
            try finish()
            let body = try body(until: ["endmacro"], isLoop: false).statements
            position = tokens.count  // the name may be repeated
            return .macro(TemplateStatement.Macro(name: name, parameters: parameters, body: body, line: line))
        case "generation", "endgeneration":
            try finish()
            return nil
        case "break", "continue":
            try finish()
            guard isLoop else { throw .malformed(line: line, reason: "\(keyword) outside a loop") }
            return .exit(isBreak: keyword == "break")
        case "else", "elif", "endif", "endfor", "endset", "endmacro":
            throw .malformed(line: line, reason: "unexpected \(keyword)")
        default:
            throw .unsupported(line: line, feature: "the tag \(keyword)")
        }
    }

    /// `a` or `a, b`, with or without parentheses.
    private mutating func names() throws(ChatTemplateError) -> [String] {
        let isBracketed = take("(")
        var names = [try name()]
        while take(",") { names.append(try name()) }
        if isBracketed, !take(")") { throw .malformed(line: line, reason: "a ( does not end") }
        return names
    }

    // MARK: Tokens

    private func isNext(_ sign: String) -> Bool { position < tokens.count && tokens[position] == .sign(sign) }
    private func isNextName(_ name: String) -> Bool { position < tokens.count && tokens[position] == .name(name) }

    private mutating func take(_ sign: String) -> Bool {
        guard isNext(sign) else { return false }
        position += 1
        return true
    }

    private mutating func takeName(_ name: String) -> Bool {
        guard isNextName(name) else { return false }
        position += 1
        return true
    }

    private mutating func name() throws(ChatTemplateError) -> String {
        guard position < tokens.count, case .name(let name) = tokens[position] else {
            throw .malformed(
                line: line,
                reason: "a name is missing"
                    + (position < tokens.count ? " before \(Self.spelled(tokens[position]))" : ""))
        }
        position += 1
        return name
    }

    // MARK: Expressions

    /// An expression, or several with commas between, which are a list.
    private mutating func expressions() throws(ChatTemplateError) -> TemplateExpression {
        let first = try expression()
        guard isNext(",") else { return first }
        var list = [first]
        while take(",") {
            if position == tokens.count { break }
            list.append(try expression())
        }
        return .list(list)
    }

    private mutating func expression(allowingConditional: Bool = true) throws(ChatTemplateError) -> TemplateExpression {
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
