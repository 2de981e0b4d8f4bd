/// Two to five independent linear equations and an expression that combines their solutions.
public struct Equations: Sendable, Hashable {
    /// One equation in one unknown; all coefficients and the solution are positive.
    public struct Equation: Sendable, Hashable {
        /// How the equation is written.
        enum Form: Sendable, Hashable {
            /// ax + b = c
            case plain
            /// ax − b = c
            case minus
            /// ax + b = cx + d
            case bothSides
            /// a(x + b) + c = d
            case bracketPlus
            /// a(x + b) − c = d
            case bracketMinus
            /// ax + b + cx = d
            case twice
        }

        let name: String
        let solution: Int
        let form: Form
        let a: Int
        let b: Int
        let c: Int
        let d: Int

        /// The equation as text, such as `7x + 4 = 3x + 32`.
        public var text: String {
            switch form {
            case .plain: "\(a)\(name) + \(b) = \(c)"
            case .minus: "\(a)\(name) - \(b) = \(c)"
            case .bothSides: "\(a)\(name) + \(b) = \(c)\(name) + \(d)"
            case .bracketPlus: "\(a)(\(name) + \(b)) + \(c) = \(d)"
            case .bracketMinus: "\(a)(\(name) + \(b)) - \(c) = \(d)"
            case .twice: "\(a)\(name) + \(b) + \(c)\(name) = \(d)"
            }
        }

        /// Draws an equation in the unknown `name`.
        static func random(name: String, using random: inout SplitMix64) -> Equation {
            let x = random.int(2...20)
            let a = random.int(2...12)
            let b = random.int(1...50)
            let c = random.int(2...12)
            switch random.unit() {
            case ..<0.05:
                return Equation(name: name, solution: x, form: .plain, a: a, b: b, c: a * x + b, d: 0)
            case ..<0.1 where a * x > b:
                return Equation(name: name, solution: x, form: .minus, a: a, b: b, c: a * x - b, d: 0)
            case ..<0.4:
                let (high, low) = a > c ? (a, c) : a < c ? (c, a) : (a + 1, c)
                return Equation(
                    name: name, solution: x, form: .bothSides, a: high, b: b, c: low, d: (high - low) * x + b)
            case ..<0.55:
                let inside = random.int(1...20)
                return Equation(
                    name: name, solution: x, form: .bracketPlus, a: a, b: inside, c: b, d: a * (x + inside) + b)
            case ..<0.7:
                let inside = random.int(1...20)
                let taken = min(b, a * (x + inside) - 1)
                return Equation(
                    name: name, solution: x, form: .bracketMinus, a: a, b: inside, c: taken,
                    d: a * (x + inside) - taken)
            default:
                return Equation(name: name, solution: x, form: .twice, a: a, b: b, c: c, d: (a + c) * x + b)
            }
        }
    }

    /// One step of the combining expression, evaluated from left to right.
    public struct Step: Sendable, Hashable {
        /// `+`, `-` or `*`.
        let symbol: String
        /// The unknown, or nil for the constant.
        let name: String?
        let value: Int
    }

    /// The equations in the order asked.
    public let equations: [Equation]
    let steps: [Step]

    /// The combining expression, such as `x * y + 2`.
    public var expression: String {
        equations[0].name + steps.map { " \($0.symbol) \($0.name ?? String($0.value))" }.joined()
    }

    /// The value asked for.
    public var answer: Int {
        steps.reduce(equations[0].solution) { Equations.apply($1.symbol, $0, $1.value) }
    }

    /// Decides train or held-out; the order of the equations does not matter.
    public var key: String {
        let list = equations.map { equation in
            "\(equation.form) \(equation.a) \(equation.b) \(equation.c) \(equation.d)"
        }
        return "equations \(list.sorted().joined(separator: ", ")) \(answer)"
    }

    static func apply(_ symbol: String, _ left: Int, _ right: Int) -> Int {
        switch symbol {
        case "+": left + right
        case "-": left - right
        default: left * right
        }
    }

    /// Draws a problem; every intermediate value is from 0 to 999.
    static func random(using random: inout SplitMix64) -> Equations {
        let alphabets = [
            ["x", "y", "z", "u", "v"], ["a", "b", "c", "d", "e"], ["p", "q", "r", "s", "t"], ["m", "n", "k", "h", "w"],
        ]
        while true {
            let count = random.int(2...5)
            var names = random.pick(alphabets)
            if random.chance(0.5) { names.shuffle(using: &random) }
            let equations = names.prefix(count).map { Equation.random(name: $0, using: &random) }
            var steps: [Step] = []
            var value = equations[0].solution
            for (index, equation) in equations.dropFirst().enumerated() {
                let symbol = index == 0 && random.chance(0.5) ? "*" : random.pick(["+", "-"])
                steps.append(Step(symbol: symbol, name: equation.name, value: equation.solution))
            }
            if random.chance(0.3) {
                steps.append(Step(symbol: random.pick(["+", "-"]), name: nil, value: random.int(1...20)))
            }
            var fits = true
            for step in steps {
                value = apply(step.symbol, value, step.value)
                fits = fits && value >= 0 && value <= 999
            }
            if fits { return Equations(equations: equations, steps: steps) }
        }
    }
}
