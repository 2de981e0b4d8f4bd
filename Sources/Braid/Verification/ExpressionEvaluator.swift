/// Computes infix expressions of whole numbers with `+ - * / × ÷ ( )`, exactly.
///
/// It reads what models write, so length and depth are bounded and nothing overflows unnoticed. `-` may also be a sign.
public struct ExpressionEvaluator: Sendable, Hashable {
    /// Most characters that are read.
    public static let maximumLength = 4096
    /// Most brackets and signs within each other.
    public static let maximumDepth = 64

    /// The value.
    public let value: Rational
    /// The numbers in the expression, in order, without signs.
    public let numbers: [Int]

    /// Evaluates an expression.
    /// - Throws: ``ExpressionError``.
    public init(_ expression: String) throws(ExpressionError) {
        let count = expression.unicodeScalars.count
        guard count <= Self.maximumLength else { throw .tooLong(characters: count, limit: Self.maximumLength) }
        var reader = ExpressionReader(expression)
        value = try reader.sum(depth: 0)
        try reader.expectEnd()
        numbers = reader.numbers
    }
}

/// Recursive descent: sum = product { (+|-) product }; product = factor { (*|/) factor }; factor = -factor | ( sum ) | n.
private struct ExpressionReader {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private(set) var numbers: [Int] = []

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    mutating func sum(depth: Int) throws(ExpressionError) -> Rational {
        var value = try product(depth: depth)
        while let sign = take(["+", "-", "−"]) {
            let position = index
            let right = try product(depth: depth)
            guard let next = sign == "+" ? value.adding(right) : value.subtracting(right) else {
                throw .overflow(position: position)
            }
            value = next
        }
        return value
    }

    mutating func expectEnd() throws(ExpressionError) {
        skipSpace()
        if index < scalars.count { throw unexpected("an operator or the end") }
    }

    private mutating func product(depth: Int) throws(ExpressionError) -> Rational {
        var value = try factor(depth: depth)
        while let sign = take(["*", "×", "/", "÷"]) {
            let position = index
            let right = try factor(depth: depth)
            let isProduct = sign == "*" || sign == "×"
            if !isProduct, right.numerator == 0 { throw .divisionByZero(position: position) }
            guard let next = isProduct ? value.multiplied(by: right) : value.divided(by: right) else {
                throw .overflow(position: position)
            }
            value = next
        }
        return value
    }

    private mutating func factor(depth: Int) throws(ExpressionError) -> Rational {
        guard depth < ExpressionEvaluator.maximumDepth else {
            throw .tooDeep(limit: ExpressionEvaluator.maximumDepth)
        }
        if take(["-", "−"]) != nil {
            let position = index
            guard let negated = Rational(0).subtracting(try factor(depth: depth + 1)) else {
                throw .overflow(position: position)
            }
            return negated
        }
        if take(["("]) != nil {
            let value = try sum(depth: depth + 1)
            guard take([")"]) != nil else { throw unexpected("a closing bracket") }
            return value
        }
        return try number()
    }

    private mutating func number() throws(ExpressionError) -> Rational {
        skipSpace()
        let start = index
        var value = 0
        while index < scalars.count, (48...57).contains(scalars[index].value) {
            let shifted = value.multipliedReportingOverflow(by: 10)
            let next = shifted.partialValue.addingReportingOverflow(Int(scalars[index].value) - 48)
            if shifted.overflow || next.overflow { throw .overflow(position: start + 1) }
            value = next.partialValue
            index += 1
        }
        guard index > start else { throw unexpected("a number or an opening bracket") }
        numbers.append(value)
        return Rational(value)
    }

    private mutating func take(_ candidates: [Unicode.Scalar]) -> Unicode.Scalar? {
        skipSpace()
        guard index < scalars.count, candidates.contains(scalars[index]) else { return nil }
        index += 1
        return scalars[index - 1]
    }

    private mutating func skipSpace() {
        while index < scalars.count, scalars[index].properties.isWhitespace { index += 1 }
    }

    private func unexpected(_ expected: String) -> ExpressionError {
        let found = index < scalars.count ? "“\(scalars[index])”" : "the end"
        return .unexpected(found: found, expected: expected, position: index + 1)
    }
}
