/// Signs between values: arithmetic, text put together, comparisons.
extension TemplateEvaluator {
    /// A number with the other sign.
    func negative(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        if let integer = value.asInteger, integer != .min { return .integer(-integer) }
        guard let number = value.asNumber else {
            throw .invalidOperation(line: line, reason: "a \(value.kind) has no negative")
        }
        return .number(-number)
    }

    /// What a sign makes of two values.
    mutating func operate(
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

    /// Whether two values compare as a sign says.
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
