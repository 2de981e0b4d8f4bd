import Braid

/// Checks an answer to a question in free words, where the question is plainly one of the families.
///
/// This is a check beside the model, not a reading for it: the model never sees what is found here.
public enum QuestionCheck {
    /// Whether the answer is right; nil when the question is not understood well enough to say.
    public static func verify(_ answer: String, for question: String) -> Bool? {
        if let value = EquationReader.value(askedIn: question) {
            return CountdownCheck.value(of: answer).map { $0 == value } ?? false
        }
        if question.contains("=") && !question.contains("= ?") { return nil }
        guard let numbers = CountdownCheck.operands(of: question) else { return nil }
        if numbers.count == 2 { return twoNumbers(numbers[0], numbers[1], answer: answer, question: question) }
        if let value = EquationReader.value(writtenOutIn: question) { return CountdownCheck.value(of: answer) == value }
        guard (3...7).contains(numbers.count) else { return nil }
        if answer == Countdown.noSolution { return isHopeless(numbers) }
        guard let used = CountdownCheck.operands(of: answer), used.count + 1 == numbers.count,
            let value = CountdownCheck.value(of: answer)
        else { return false }
        return (used + [value]).sorted() == numbers.sorted()
    }

    /// Whether the question names three to seven numbers and asks for nothing that is another family's.
    static func isCountdown(_ question: String) -> Bool {
        guard EquationReader.value(askedIn: question) == nil, !question.contains("=") || question.contains("= ?"),
            EquationReader.value(writtenOutIn: question) == nil, let numbers = CountdownCheck.operands(of: question)
        else { return false }
        return (3...7).contains(numbers.count)
    }

    /// True when no choice of the target can be reached, nil when some choice can: which one was meant is not known here.
    private static func isHopeless(_ numbers: [Int]) -> Bool? {
        guard numbers.count <= 5, numbers.allSatisfy({ $0 <= 9999 }) else { return nil }
        let someIsReachable = numbers.indices.contains { index in
            var rest = numbers
            let target = rest.remove(at: index)
            return CountdownArithmetic.solvableByAnyArithmetic(rest, target: target)
        }
        return someIsReachable ? nil : true
    }

    private static func twoNumbers(_ a: Int, _ b: Int, answer: String, question: String) -> Bool? {
        let text = question.lowercased()
        let means = { (signs: [String]) in signs.contains { text.contains($0) } }
        let isProduct = means(["*", "×", "times", "multipl", "product", " x ", "\(a)x\(b)"])
        let isSum = means(["+", "plus", "add", "sum"])
        let isDifference = means(["-", "minus", "subtract", "difference", "away"])
        guard let value = CountdownCheck.value(of: answer) else { return false }
        switch (isProduct, isSum, isDifference) {
        case (true, false, false):
            let (product, overflow) = a.multipliedReportingOverflow(by: b)
            return overflow ? nil : value == product
        case (false, true, false):
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? nil : value == sum
        case (false, false, true): return value == max(a, b) - min(a, b) || value == a - b
        default: return nil
        }
    }
}
