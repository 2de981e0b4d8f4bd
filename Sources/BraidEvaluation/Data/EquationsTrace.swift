/// How systems of independent equations are solved in training data: a thread for each unknown, then the expression,
/// first with the solutions in place of the unknowns, then evaluated from left to right.
struct EquationsTrace {
    let system: Equations
    let mode: TrainingTrajectory.Mode

    /// Writes the whole trajectory after the question.
    func write(into writer: inout TrajectoryWriter) {
        let values = system.equations.map { " \($0.name) = \($0.solution)" }
        if mode == .adaptive {
            writer.fork(
                zip(system.equations, values).map { equation, value in
                    TrajectoryWriter.Thread(
                        outline: " \(equation.name)", body: Self.work(equation), result: value)
                }, concluding: values.joined(separator: ","))
        } else {
            writer.write(system.equations.map { Self.work($0) + ";" }.joined(), titled: "", concluding: "")
        }
        writer.write(Self.evaluation(system), titled: " put in", concluding: " answer \(system.answer)")
        writer.answer(String(system.answer))
    }

    /// The expression with the solutions in place of the unknowns, then its steps.
    static func evaluation(_ system: Equations) -> String {
        var value = system.equations[0].solution
        var lines = [" \(value)" + system.steps.map { " \($0.symbol) \($0.value)" }.joined()]
        for step in system.steps {
            let next = Equations.apply(step.symbol, value, step.value)
            lines.append(" \(value) \(step.symbol) \(step.value) = \(next)")
            value = next
        }
        return lines.joined(separator: ";")
    }

    /// Solves one equation and checks the solution.
    static func work(_ e: Equations.Equation) -> String {
        let (n, x) = (e.name, e.solution)
        let lines: [String]
        switch e.form {
        case .plain:
            lines = [
                "\(e.c) - \(e.b) = \(e.a * x)", "\(e.a)\(n) = \(e.a * x)", "\(e.a * x) / \(e.a) = \(x)", "\(n) = \(x)",
                "\(e.a) * \(x) = \(e.a * x)", "\(e.a * x) + \(e.b) = \(e.c)",
            ]
        case .minus:
            lines = [
                "\(e.c) + \(e.b) = \(e.a * x)", "\(e.a)\(n) = \(e.a * x)", "\(e.a * x) / \(e.a) = \(x)", "\(n) = \(x)",
                "\(e.a) * \(x) = \(e.a * x)", "\(e.a * x) - \(e.b) = \(e.c)",
            ]
        case .bothSides:
            // a is the larger coefficient and d the larger constant.
            let k = e.a - e.c
            lines = [
                "\(e.a) - \(e.c) = \(k)", "\(e.d) - \(e.b) = \(k * x)", "\(k)\(n) = \(k * x)",
                "\(k * x) / \(k) = \(x)", "\(n) = \(x)", "\(e.a) * \(x) = \(e.a * x)",
                "\(e.a * x) + \(e.b) = \(e.a * x + e.b)", "\(e.c) * \(x) = \(e.c * x)",
                "\(e.c * x) + \(e.d) = \(e.c * x + e.d)",
            ]
        case .bracketPlus, .bracketMinus:
            let inside = x + e.b
            let (undo, redo) = e.form == .bracketPlus ? ("-", "+") : ("+", "-")
            lines = [
                "\(e.d) \(undo) \(e.c) = \(e.a * inside)", "\(e.a * inside) / \(e.a) = \(inside)",
                "\(n) + \(e.b) = \(inside)", "\(inside) - \(e.b) = \(x)", "\(n) = \(x)", "\(x) + \(e.b) = \(inside)",
                "\(e.a) * \(inside) = \(e.a * inside)", "\(e.a * inside) \(redo) \(e.c) = \(e.d)",
            ]
        case .twice:
            let k = e.a + e.c
            lines = [
                "\(e.a) + \(e.c) = \(k)", "\(e.d) - \(e.b) = \(k * x)", "\(k)\(n) = \(k * x)",
                "\(k * x) / \(k) = \(x)", "\(n) = \(x)", "\(e.a) * \(x) = \(e.a * x)",
                "\(e.a * x) + \(e.b) = \(e.a * x + e.b)", "\(e.c) * \(x) = \(e.c * x)",
                "\(e.a * x + e.b) + \(e.c * x) = \(e.d)",
            ]
        }
        return " \(e.text); " + lines.joined(separator: "; ")
    }
}
