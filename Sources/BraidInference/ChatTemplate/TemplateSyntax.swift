/// An expression of a template.
indirect enum TemplateExpression: Sendable {
    case constant(TemplateValue)
    case name(String, line: Int)
    case list([TemplateExpression])
    case object([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, String, line: Int)
    case item(TemplateExpression, TemplateExpression, line: Int)
    case slice(
        TemplateExpression, from: TemplateExpression?, to: TemplateExpression?, step: TemplateExpression?, line: Int)
    case call(TemplateExpression, TemplateArguments, line: Int)
    case filter(TemplateExpression, String, TemplateArguments, line: Int)
    case test(TemplateExpression, String, TemplateArguments, line: Int)
    case not(TemplateExpression)
    case negative(TemplateExpression, line: Int)
    case operation(String, TemplateExpression, TemplateExpression, line: Int)
    case comparison(TemplateExpression, [(operation: String, right: TemplateExpression)], line: Int)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case conditional(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}

/// What a call, a filter or a test is given.
struct TemplateArguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
}

/// A statement of a template.
indirect enum TemplateStatement: Sendable {
    /// Where a value goes.
    enum Target: Sendable {
        case name(String)
        case attribute(of: String, String)
        case several([String])
    }

    struct Macro: Sendable {
        let name: String
        let parameters: [(name: String, value: TemplateExpression?)]
        let body: [TemplateStatement]
        let line: Int
    }

    case text(TemplateText)
    case output(TemplateExpression)
    case set(Target, TemplateExpression, line: Int)
    case capture(Target, [TemplateStatement], line: Int)
    case branches([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
    case loop(
        [String], in: TemplateExpression, where: TemplateExpression?, body: [TemplateStatement],
        otherwise: [TemplateStatement], line: Int)
    case macro(Macro)
    case exit(isBreak: Bool)
}
