import Braid

/// Checks an expression against a countdown puzzle.
struct CountdownCheck {
    let numbers: [Int]
    let target: Int

    /// Whether the expression uses every number exactly once and equals the target.
    func accepts(_ expression: String) -> Bool {
        guard Self.operands(of: expression)?.sorted() == numbers.sorted() else { return false }
        guard let value = Self.value(of: expression) else { return false }
        return value == target
    }

    /// The whole number an expression equals; nil when it is no expression, or equals a fraction.
    static func value(of expression: String) -> Int? {
        do {
            return try ExpressionEvaluator(expression).value.wholeNumber
        } catch {
            // Not an expression, or too large a one: no value, which is what the caller asks.
            return nil
        }
    }

    /// The numbers written in a text, in order; nil when one is too large.
    static func operands(of text: String) -> [Int]? {
        var numbers: [Int] = []
        for run in text.split(whereSeparator: { !("0"..."9").contains($0) }) {
            guard let number = Int(run) else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
