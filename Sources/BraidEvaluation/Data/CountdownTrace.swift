/// How countdown puzzles are solved in training data: backward reduction, then a table look-up.
///
/// A three-number puzzle "make n from x, y, z" is settled by one row for each number x as the last operand:
/// ` x: y z; y+z y-z y*z y/z  n-x n+x n/x n*x`, results first. After each value needed, `=` says that it is among the four
/// results (a hit, the row ends); a row without one ends with `.`; `_` marks a value that is not a whole number from 0 to 999.
/// A four-number puzzle is reduced to smaller ones by its last step; each reduction is a thread of its own, which first says
/// what the smaller puzzle has to make. Two pairs: the results of one, then a row of needs for each result of the other.
/// Which reductions there are depends on which numbers divide the target, so the quotient follows each number first.
/// Both modes try reductions in the same order, ``Countdown/reductions``, which needs no foresight; the adaptive one first
/// tries a promising step by itself, and forks when there is none or it failed.
struct CountdownTrace {
    let puzzle: Countdown
    let mode: TrainingTrajectory.Mode

    /// Threads of the first fork, and of each later one: what keeps the mean critical path shortest.
    private static let (firstWidth, laterWidth) = (5, 8)

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
        var rest = puzzle.reductions[...]
        while let reduction = rest.first, mode == .sequential || isPromising(reduction, among: rest) {
            rest = rest.dropFirst()
            let trial = Trial(reduction, target: puzzle.target)
            writer.write(" \(reduction.outline(target: puzzle.target))\(trial.body)")
            if let solution = trial.solution {
                writer.answer(solution)
                return
            }
        }
        forked(rest, into: &writer)
    }

    /// Whether a step works often enough, counted over random puzzles, to be tried alone: the first of all, if it multiplies
    /// by one of the three largest numbers or makes a small target with the largest.
    private func isPromising(_ reduction: Countdown.Reduction, among rest: ArraySlice<Countdown.Reduction>) -> Bool {
        guard rest.startIndex == 0, case .last(_, let slot, let last, _) = reduction.kind else { return false }
        let isSum = slot == 0 && last == puzzle.numbers[0] && last < puzzle.target && puzzle.target < 200
        return isSum || (slot == 2 && last > puzzle.numbers[3])
    }

    /// Tries several reductions at once, then the next ones if none worked; the answer names the thread that found it.
    private func forked(_ reductions: ArraySlice<Countdown.Reduction>, into writer: inout TrajectoryWriter) {
        var rest = reductions
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
            if let found = threads.firstIndex(where: { $0.result != nil }) {
                writer.answer(thread: found + 1)
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
                text += " \(x): \(rest[0]) \(rest[1]);" + CountdownTrace.slots(results)
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
