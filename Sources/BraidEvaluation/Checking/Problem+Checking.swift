import Braid

extension Problem {
    /// Whether an answer is right; exact, and never by its form alone.
    public func isCorrect(_ answer: String) -> Bool {
        switch content {
        case .countdown(let puzzle, let solvable):
            solvable
                ? CountdownCheck(numbers: puzzle.numbers, target: puzzle.target).accepts(answer)
                    || SearchPathCheck(numbers: puzzle.numbers, target: puzzle.target).accepts(answer)
                : answer == Countdown.noSolution
        case .multiplication(let product): Int(answer) == product.answer
        case .equations(let system): Int(answer) == system.answer
        case .sum(let sum): Int(answer) == sum.answer
        case .foreign: answer == Problem.foreignAnswer
        }
    }

    /// How many threads the problem asks for, where one width is the right one.
    public var expectedWidth: Int? {
        switch content {
        case .equations(let system): system.equations.count
        case .sum, .foreign: 0
        case .multiplication(let product): product.parts.count > 1 ? product.parts.count : 0
        case .countdown: nil
        }
    }
}
