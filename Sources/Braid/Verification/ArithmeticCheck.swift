/// Evaluates every equation between plain numbers in a return, exactly: `8 * 3 = 24`, `2 + 3 = 5 = 10 / 2`.
///
/// Terms with letters, and what is not arithmetic at all, say nothing. A true equation verifies nothing either: it need not
/// have to do with the question.
public struct ArithmeticCheck: ReturnCheck, Hashable {
    /// Creates the check.
    public init() {}

    /// Refutes a return that states a false equation.
    public func verdict(on claim: ReturnClaim, for question: Question) -> ReturnVerdict {
        Self.falseEquation(in: claim.text).map { .refuted("\($0) is false") } ?? .unknown
    }

    /// The first equation that does not hold; nil when there is none.
    public static func falseEquation(in text: String) -> String? {
        for part in text.split(whereSeparator: { $0.isNewline || $0 == ";" }) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            for (left, right) in zip(sides, sides.dropFirst()) {
                guard let left = term(endingOf: left), let right = term(beginningOf: right),
                    let leftSide = evaluated(left), let rightSide = evaluated(right)
                else { continue }
                // Two bare numbers are a label and its value rather than a computation.
                let isComputation = leftSide.numbers.count > 1 || rightSide.numbers.count > 1
                if isComputation, leftSide.value != rightSide.value { return "\(left) = \(right)" }
            }
        }
        return nil
    }

    private static func isArithmetic(_ character: Character) -> Bool {
        ("0"..."9").contains(character) || "+-−*×/÷() ".contains(character)
    }

    /// The term that a text ends with; nil when there is none, or when it may go on to the left.
    private static func term(endingOf text: Substring) -> String? {
        let count = text.reversed().prefix { isArithmetic($0) }.count
        let before = text.dropLast(count)
        let found = text.suffix(count)
        let term = AnswerExtractor.trimmed(String(found))
        guard let first = term.first else { return nil }
        guard let last = before.last else { return term }
        // `x - 3`, `2y(1 + 1)`: what stands before belongs to the term unless it is a word or punctuation.
        guard first.isNumber || first == "(", found.first == " " || ":([".contains(last) else { return nil }
        return isSymbol(before.reversed().prefix { $0.isLetter || $0.isNumber }.count, last) ? nil : term
    }

    /// The term that a text begins with; nil when there is none, or when it may go on to the right.
    private static func term(beginningOf text: Substring) -> String? {
        let found = text.prefix { isArithmetic($0) }
        let after = text.dropFirst(found.count)
        let term = AnswerExtractor.trimmed(String(found))
        guard !term.isEmpty else { return nil }
        guard let next = after.first else { return term }
        if next == "." || next == "," || next == "!" {
            // The end of a sentence, not a decimal point, a thousands separator or a factorial.
            let follows = after.dropFirst().first
            return next != "!" && !(follows?.isNumber ?? false) ? term : nil
        }
        guard found.last == " " || next == ")" || next == "]" else { return nil }
        return isSymbol(after.prefix { $0.isLetter || $0.isNumber }.count, next) ? nil : term
    }

    /// Whether a neighbour is an unknown or an operator rather than a word or punctuation.
    private static func isSymbol(_ length: Int, _ neighbour: Character) -> Bool {
        length == 1 && neighbour.isLetter || "%^_²³√.".contains(neighbour)
    }

    private static func evaluated(_ expression: String) -> ExpressionEvaluator? {
        do {
            return try ExpressionEvaluator(expression)
        } catch {
            // Not an expression: it claims nothing that could be checked.
            return nil
        }
    }
}
