/// How products are computed in training data: a thread for each non-zero digit of the second factor, then columns.
///
/// A digit carries its place as a letter (`a` units, `b` tens, ...), so that columns are found by name, not by counting.
struct MultiplicationTrace {
    let product: Multiplication
    let mode: TrainingTrajectory.Mode

    private static let places = ["a", "b", "c", "d", "e", "f", "g"]

    /// Writes the whole trajectory after the question.
    func write(into writer: inout TrajectoryWriter) {
        let rows = Self.rows(of: product)
        guard mode == .adaptive, rows.count > 1 else {
            writer.write(Self.line(product), titled: " one row", concluding: " answer \(product.answer)")
            writer.answer(String(product.answer))
            return
        }
        writer.fork(rows, concluding: " add \(rows.count) rows")
        writer.write(Self.sum(of: product), titled: " add", concluding: " answer \(product.answer)")
        writer.answer(String(product.answer))
    }

    /// The whole product in one line.
    static func line(_ product: Multiplication) -> String {
        let parts = product.parts.map { Part(left: product.left, digit: $0.digit, place: $0.place) }
        if parts.count == 1 { return "\(parts[0].outline):\(parts[0].body);\(descending(parts[0].digits))" }
        return parts.map { "\($0.outline):\($0.body);\($0.result);" }.joined() + sum(parts)
    }

    /// The partial products, each as a thread computes it.
    static func rows(of product: Multiplication) -> [TrajectoryWriter.Thread] {
        product.parts.map { digit, place in
            let part = Part(left: product.left, digit: digit, place: place)
            return TrajectoryWriter.Thread(outline: part.outline, body: part.body, result: part.result)
        }
    }

    /// How partial products are added.
    static func sum(of product: Multiplication) -> String {
        sum(product.parts.map { Part(left: product.left, digit: $0.digit, place: $0.place) })
    }

    private static func sum(_ parts: [Part]) -> String {
        let (columns, digits) = add(parts.map(\.digits))
        return "\(columns);\(descending(digits))"
    }

    /// One partial product.
    private struct Part {
        let outline: String
        let body: String
        /// Digits from the units up.
        let digits: [Int]

        var result: String {
            digits.enumerated().map { " \(MultiplicationTrace.places[$0.offset])\($0.element)" }.joined()
        }

        init(left: Int, digit: Int, place: Int) {
            outline = " \(left) * \(digit)" + String(repeating: "0", count: place)
            var digits = [Int](repeating: 0, count: place)
            var steps = (0..<place).map { " \(MultiplicationTrace.places[$0]) 0" }
            var carry = 0
            var rest = left
            while rest > 0 {
                let value = rest % 10 * digit + carry
                steps.append(
                    " \(MultiplicationTrace.places[digits.count]) \(rest % 10) * \(digit) + \(carry) = \(value)")
                digits.append(value % 10)
                carry = value / 10
                rest /= 10
            }
            if carry > 0 {
                steps.append(" \(MultiplicationTrace.places[digits.count]) \(carry)")
                digits.append(carry)
            }
            self.digits = digits
            body = steps.joined(separator: ",")
        }
    }

    private static func add(_ numbers: [[Int]]) -> (text: String, digits: [Int]) {
        var steps: [String] = []
        var digits: [Int] = []
        var carry = 0
        for column in 0..<(numbers.map(\.count).max() ?? 0) {
            let present = numbers.compactMap { column < $0.count ? $0[column] : nil }
            let value = present.reduce(carry, +)
            let terms = (present + [carry]).map(String.init).joined(separator: " + ")
            steps.append(" \(places[column]) \(terms) = \(value)")
            digits.append(value % 10)
            carry = value / 10
        }
        if carry > 0 {
            steps.append(" \(places[digits.count]) \(carry)")
            digits.append(carry)
        }
        return (steps.joined(separator: ","), digits)
    }

    private static func descending(_ digits: [Int]) -> String {
        digits.indices.reversed().map { " \(places[$0])\(digits[$0])" }.joined()
    }
}
