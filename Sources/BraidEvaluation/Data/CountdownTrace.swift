/// How countdown puzzles are solved in training data: backward reduction, then a table look-up.
///
/// A three-number puzzle "make n from x, y, z" is settled by one row for each number x as the last operand:
/// ` x  y+z y-z y*z y/z  n-x n+x n/x n*x`, results first. After each value needed, `=` says that it is among the four
/// results (a hit, the row ends); a row without one ends with `.`; `_` marks a value that is not a whole number from 0 to 999.
/// A four-number puzzle is reduced to smaller ones by its last step; each reduction is a thread of its own, which first says
/// what the smaller puzzle has to make. Two pairs: the results of one, then a row of needs for each result of the other.
/// Which reductions there are depends on which numbers divide the target, so the quotient follows each number first.
/// Both modes try reductions in the same order, ``Countdown/reductions``, which needs no foresight.
struct CountdownTrace {
    let puzzle: Countdown
    let mode: TrainingTrajectory.Mode

    /// Threads of the first fork, and of each later one; more than about six no longer shorten the critical path.
    private static let (firstWidth, laterWidth) = (6, 8)

    /// Writes the whole trajectory after the question.
    func write(into writer: inout TrajectoryWriter) {
        if puzzle.numbers.count == 3 {
            writer.write(" \(puzzle.target): \(puzzle.numbers.map(String.init).joined(separator: " "));")
            let rows = Rows(goal: puzzle.target, numbers: puzzle.numbers)
            writer.write(rows.text)
            writer.answer(rows.solution ?? Countdown.noSolution)
            return
        }
        let quotients = puzzle.numbers.map { CountdownArithmetic.needs(puzzle.target, $0)[2] }
        let numbers = zip(puzzle.numbers, quotients).map { " \($0)" + Self.slots([$1]) }
        writer.write(" \(puzzle.target):\(numbers.joined());")
        let reductions = puzzle.reductions
        let works = reductions.count(where: \.works)
        if mode == .sequential || 2 * works >= reductions.count {
            inline(reductions, into: &writer)
        } else {
            forked(reductions, into: &writer)
        }
    }

    /// Tries one reduction after the other.
    private func inline(_ reductions: [Countdown.Reduction], into writer: inout TrajectoryWriter) {
        for reduction in reductions {
            let trial = Trial(reduction, target: puzzle.target)
            writer.write(" \(reduction.outline(target: puzzle.target))\(trial.body)")
            if let solution = trial.solution {
                writer.answer(solution)
                return
            }
        }
        writer.answer(Countdown.noSolution)
    }

    /// Tries several reductions at once, then the next ones if none worked.
    ///
    /// The number of a thread that found a solution is written before the answer: with several solutions in sight, it says
    /// which one is being copied.
    private func forked(_ reductions: [Countdown.Reduction], into writer: inout TrajectoryWriter) {
        var rest = reductions[...]
        while !rest.isEmpty {
            let width = rest.count == reductions.count ? Self.firstWidth : Self.laterWidth
            let threads = rest.prefix(width).map { reduction in
                let trial = Trial(reduction, target: puzzle.target)
                return TrajectoryWriter.Thread(
                    outline: " \(reduction.outline(target: puzzle.target))", body: trial.body,
                    result: trial.solution.map { " \($0)" })
            }
            rest = rest.dropFirst(width)
            writer.fork(threads)
            if let found = threads.firstIndex(where: { $0.result != nil }), let solution = threads[found].result {
                writer.write("\(found + 1):")
                writer.answer(String(solution.dropFirst()))
                return
            }
        }
        writer.answer(Countdown.noSolution)
    }

    /// The rows that settle a three-number puzzle, up to the first hit.
    struct Rows {
        private(set) var text = ""
        /// An expression for the goal, if there is one.
        private(set) var solution: String?

        init(goal: Int, numbers: [Int]) {
            for (index, x) in numbers.enumerated() where index == 0 || numbers[index - 1] != x {
                var rest = numbers
                rest.remove(at: index)
                let results = CountdownArithmetic.results(rest[0], rest[1])
                text += " \(x)" + CountdownTrace.slots(results)
                for (slot, need) in CountdownArithmetic.needs(goal, x).enumerated() {
                    text += CountdownTrace.slots([need])
                    guard let need, let hit = results.firstIndex(of: need) else { continue }
                    text += "="
                    let inner = "(\(rest[0]) \(CountdownArithmetic.symbols[hit]) \(rest[1]))"
                    solution = CountdownArithmetic.expression(
                        inner, slot: slot, with: String(x), value: x, goal: goal)
                    return
                }
                text += "."
            }
        }
    }

    /// The work on one reduction and the expression for the target it found.
    struct Trial {
        private(set) var body: String
        private(set) var solution: String?

        init(_ reduction: Countdown.Reduction, target: Int) {
            switch reduction.kind {
            case .last(let goal, let slot, let last, let rest):
                let rows = Rows(goal: goal, numbers: rest)
                body = " \(goal): " + rest.map(String.init).joined(separator: " ") + ";" + rows.text
                if let inner = rows.solution {
                    solution = CountdownArithmetic.expression(
                        "(\(inner))", slot: slot, with: String(last), value: last, goal: target)
                }
            case .pairs(let a, let b, let c, let d):
                let right = CountdownArithmetic.results(c, d)
                body = ":" + CountdownTrace.slots(right) + ";"
                for (left, value) in CountdownArithmetic.results(a, b).enumerated() {
                    guard let value else {
                        body += " _."
                        continue
                    }
                    body += " \(value)"
                    for (slot, need) in CountdownArithmetic.needs(target, value).enumerated() {
                        body += CountdownTrace.slots([need])
                        guard let need, let hit = right.firstIndex(of: need) else { continue }
                        body += "="
                        solution = CountdownArithmetic.expression(
                            "(\(c) \(CountdownArithmetic.symbols[hit]) \(d))", slot: slot,
                            with: "(\(a) \(CountdownArithmetic.symbols[left]) \(b))", value: value, goal: target)
                        return
                    }
                    body += "."
                }
            }
        }
    }

    fileprivate static func slots(_ values: [Int?]) -> String {
        values.map { $0.map { " \($0)" } ?? " _" }.joined()
    }
}
