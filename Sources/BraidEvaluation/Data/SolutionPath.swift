/// One way through a whole problem, for dialects whose threads all solve the same problem: they differ in the order of
/// their steps.
struct SolutionPath {
    /// The work.
    let text: String
    /// What it finds; nil for nothing.
    let answer: String?

    /// How many orders ``init(_:number:)`` knows.
    static let count = 10

    /// The way number `number` through a problem, from 0. Four-number puzzles try the last steps with one of the numbers
    /// first, or pairs, then those with the next; with ``count`` / 2 more, in the opposite order.
    init(_ content: Problem.Content, number: Int) {
        switch content {
        case .countdown(let puzzle, _) where puzzle.numbers.count == 4:
            let groups = CountdownTrace.groups(of: puzzle)
            let order = (0..<5).flatMap { step in
                let group = groups[(number + step) % 5]
                return number >= 5 ? group.reversed() : group
            }
            let (text, solution) = CountdownTrace.trials(order, of: puzzle)
            self.init(text: CountdownTrace.header(of: puzzle) + text, answer: solution ?? Countdown.noSolution)
        case .countdown(let puzzle, _):
            let (text, solution) = CountdownTrace.rows(of: puzzle, from: number)
            self.init(text: text, answer: solution ?? Countdown.noSolution)
        case .multiplication(let product):
            let factors =
                number.isMultiple(of: 2) ? product : Multiplication(left: product.right, right: product.left)
            self.init(text: MultiplicationTrace.line(factors), answer: String(product.answer))
        case .equations(let system):
            let count = system.equations.count
            let turned = (0..<count).map { system.equations[($0 + number) % count] }
            let work = turned.map { EquationsTrace.work($0) + ";" }.joined()
            self.init(text: work + EquationsTrace.evaluation(system), answer: String(system.answer))
        case .sum(let sum):
            self.init(text: " \(sum.left) \(sum.symbol) \(sum.right) = \(sum.answer)", answer: String(sum.answer))
        case .foreign: self.init(text: "", answer: Problem.foreignAnswer)
        }
    }

    /// The last steps of a four-number puzzle in one group.
    init(_ reductions: [Countdown.Reduction], of puzzle: Countdown) {
        let (text, solution) = CountdownTrace.trials(reductions, of: puzzle)
        self.init(text: text, answer: solution)
    }

    private init(text: String, answer: String?) {
        self.text = text
        self.answer = answer
    }
}
