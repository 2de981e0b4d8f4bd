/// The arithmetic of countdown puzzles: whole numbers from 0 to 999, four operations, exact division only.
///
/// Two tables drive the traces: ``results(_:_:)``, what two numbers can make, and ``needs(_:_:)``, what must be combined
/// with a number to make a goal. Slots are in the order + − × ÷; an unavailable slot is nil.
enum CountdownArithmetic {
    /// Largest value of any intermediate result.
    static let limit = 999

    /// The four operations in slot order.
    static let symbols = ["+", "-", "*", "/"]

    /// What `y` and `z` make, `y >= z`: y + z, y − z, y × z, y ÷ z.
    static func results(_ y: Int, _ z: Int) -> [Int?] {
        [
            y + z <= limit ? y + z : nil,
            y - z,
            y * z <= limit ? y * z : nil,
            z > 0 && y % z == 0 ? y / z : nil,
        ]
    }

    /// The values v that make `goal` together with `x`.
    ///
    /// Slots: v + x or x − v; v − x; v × x or x ÷ v; v ÷ x.
    static func needs(_ goal: Int, _ x: Int) -> [Int?] {
        var product: Int?
        if x > 0, goal % x == 0 {
            product = goal / x
        } else if goal > 0, x > 0, x % goal == 0 {
            product = x / goal
        }
        return [
            abs(goal - x),
            goal + x <= limit ? goal + x : nil,
            product,
            x > 0 && goal * x <= limit ? goal * x : nil,
        ]
    }

    /// Writes how `inner`, whose value fills slot `slot` of ``needs(_:_:)``, makes `goal` with `x`.
    static func expression(_ inner: String, slot: Int, with x: String, value: Int, goal: Int) -> String {
        switch slot {
        case 0: goal >= value ? "\(inner) + \(x)" : "\(x) - \(inner)"
        case 1: "\(inner) - \(x)"
        case 2: value > 0 && goal % value == 0 ? "\(inner) * \(x)" : "\(x) / \(inner)"
        default: "\(inner) / \(x)"
        }
    }

    /// Every value that three numbers make, all of them used once.
    static func reachable(_ numbers: [Int]) -> Set<Int> {
        var values: Set<Int> = []
        for index in 0..<3 {
            let x = numbers[index]
            let rest = numbers.indices.filter { $0 != index }.map { numbers[$0] }
            for inner in results(max(rest[0], rest[1]), min(rest[0], rest[1])) {
                guard let inner else { continue }
                for value in results(max(inner, x), min(inner, x)) {
                    if let value { values.insert(value) }
                }
            }
        }
        return values
    }

    /// Whether any arithmetic at all, with fractions, negative numbers and no limit, reaches the target.
    ///
    /// Puzzles that only such arithmetic solves are neither asked nor called unsolvable.
    static func solvableByAnyArithmetic(_ numbers: [Int], target: Int) -> Bool {
        search(numbers.map { Fraction(numerator: $0, denominator: 1) }, target: target)
    }

    private static func search(_ values: [Fraction], target: Int) -> Bool {
        if values.count == 1 {
            return values[0].denominator != 0 && values[0].numerator == target * values[0].denominator
        }
        for i in 0..<values.count {
            for j in 0..<i {
                var rest: [Fraction] = []
                for k in values.indices where k != i && k != j { rest.append(values[k]) }
                for value in values[i].combinations(with: values[j]) where search(rest + [value], target: target) {
                    return true
                }
            }
        }
        return false
    }

    /// A fraction that is not reduced; four numbers below 1000 cannot overflow it.
    private struct Fraction {
        var numerator: Int
        var denominator: Int

        func combinations(with other: Fraction) -> [Fraction] {
            let (a, b, c, d) = (numerator, denominator, other.numerator, other.denominator)
            var all = [
                Fraction(numerator: a * d + c * b, denominator: b * d),
                Fraction(numerator: a * d - c * b, denominator: b * d),
                Fraction(numerator: c * b - a * d, denominator: b * d),
                Fraction(numerator: a * c, denominator: b * d),
            ]
            if c != 0 { all.append(Fraction(numerator: a * d, denominator: b * c)) }
            if a != 0 { all.append(Fraction(numerator: c * b, denominator: d * a)) }
            return all
        }
    }
}
