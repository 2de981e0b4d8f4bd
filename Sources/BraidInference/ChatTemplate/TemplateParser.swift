/// Reads a template's tags into statements and expressions, with Jinja's order of precedence.
struct TemplateParser {
    /// Statements within statements, and brackets within brackets.
    static let maximumDepth = 40

    private let segments: [TemplateLexer.Segment]
    private var place = 0
    /// Those of the tag that is being read, and which of them is next.
    private(set) var tokens: [TemplateLexer.Token] = []
    var position = 0
    private(set) var line = 1
    var depth = 0

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

    func isNext(_ sign: String) -> Bool { position < tokens.count && tokens[position] == .sign(sign) }
    func isNextName(_ name: String) -> Bool { position < tokens.count && tokens[position] == .name(name) }

    mutating func take(_ sign: String) -> Bool {
        guard isNext(sign) else { return false }
        position += 1
        return true
    }

    mutating func takeName(_ name: String) -> Bool {
        guard isNextName(name) else { return false }
        position += 1
        return true
    }

    mutating func name() throws(ChatTemplateError) -> String {
        guard position < tokens.count, case .name(let name) = tokens[position] else {
            throw .malformed(
                line: line,
                reason: "a name is missing"
                    + (position < tokens.count ? " before \(Self.spelled(tokens[position]))" : ""))
        }
        position += 1
        return name
    }
}
