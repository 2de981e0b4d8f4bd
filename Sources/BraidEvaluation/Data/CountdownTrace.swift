import Braid

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
    let dialect: Dialect

    /// Threads of the first fork, and of each later one: what keeps the mean critical path shortest. Where the join shows
    /// whole threads, later forks are no wider, so that contexts stay short.
    private static let (firstWidth, laterWidth) = (5, 8)

    /// Writes the whole trajectory after the question.
    func write(into writer: inout TrajectoryWriter) {
        if puzzle.numbers.count == 3 {
            let (text, solution) = Self.rows(of: puzzle)
            writer.write(text, titled: " rows", concluding: solution.map { " \($0)" } ?? Self.nothing)
            writer.answer(solution ?? Countdown.noSolution)
            return
        }
        writer.write(Self.header(of: puzzle), titled: " quotients", concluding: " 4 numbers")
        var rest = puzzle.reductions[...]
        while let reduction = rest.first, triesAlone(reduction, among: rest) {
            rest = rest.dropFirst()
            let trial = Trial(reduction, target: puzzle.target)
            writer.write(" \(reduction.outline(target: puzzle.target))\(trial.body)", titled: "", concluding: "")
            if let solution = trial.solution {
                writer.answer(solution)
                return
            }
        }
        forked(rest, into: &writer)
    }

    private func triesAlone(_ reduction: Countdown.Reduction, among rest: ArraySlice<Countdown.Reduction>) -> Bool {
        mode == .sequential || dialect.allowsTextBeforeBlocks && isPromising(reduction, among: rest)
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
        let laterWidth = dialect.shows == .returns ? Self.laterWidth : Self.firstWidth
        while !rest.isEmpty {
            let width = rest.count == reductions.count ? Self.firstWidth : laterWidth
            let trials = rest.prefix(width).map { (reduction: $0, trial: Trial($0, target: puzzle.target)) }
            let threads = trials.map { reduction, trial in
                TrajectoryWriter.Thread(
                    outline: " \(reduction.outline(target: puzzle.target))", body: trial.body,
                    result: trial.solution.map { " \($0)" })
            }
            rest = rest.dropFirst(width)
            let found = trials.firstIndex { $0.trial.solution != nil }
            guard let found, let solution = trials[found].trial.solution else {
                writer.fork(threads, concluding: Self.nothing)
                continue
            }
            writer.fork(threads, concluding: " \(found + 1): \(solution)")
            writer.answer(solution, by: found + 1)
            return
        }
        writer.answer(Countdown.noSolution)
    }

    /// What is said of threads that found nothing.
    static let nothing = " none of them"

    /// What is to be made of four numbers, with the quotient beside each.
    static func header(of puzzle: Countdown) -> String {
        let quotients = puzzle.numbers.map { CountdownArithmetic.needs(puzzle.target, $0)[2] }
        let numbers = zip(puzzle.numbers, quotients).map { " \($0)" + slots([$1]) }
        return " \(puzzle.target):\(numbers.joined());"
    }

    /// The reductions of a four-number puzzle by the number that comes last, then those into pairs.
    static func groups(of puzzle: Countdown) -> [[Countdown.Reduction]] {
        var groups: [[Countdown.Reduction]] = Array(repeating: [], count: 5)
        for reduction in puzzle.reductions {
            switch reduction.kind {
            case .last(_, _, let last, _): groups[puzzle.numbers.firstIndex(of: last) ?? 0].append(reduction)
            case .pairs: groups[4].append(reduction)
            }
        }
        return groups
    }

    /// Reductions tried one after the other up to the first that works, and the expression that was found.
    static func trials(
        _ reductions: [Countdown.Reduction], of puzzle: Countdown
    ) -> (text: String, solution: String?) {
        var text = ""
        for reduction in reductions {
            let trial = Trial(reduction, target: puzzle.target)
            text += " \(reduction.outline(target: puzzle.target))\(trial.body)"
            if let solution = trial.solution { return (text, solution) }
        }
        return (text, nil)
    }

    /// How a three-number puzzle is settled, from row number `start` on, and the expression that was found.
    static func rows(of puzzle: Countdown, from start: Int = 0) -> (text: String, solution: String?) {
        let rows = Rows(goal: puzzle.target, numbers: puzzle.numbers, from: start)
        let numbers = puzzle.numbers.map(String.init).joined(separator: " ")
        return (" \(puzzle.target): \(numbers);" + rows.text, rows.solution)
    }

    /// The rows that settle a three-number puzzle, up to the first hit.
    struct Rows {
        private(set) var text = ""
        /// An expression for the goal, if there is one.
        private(set) var solution: String?

        /// - Parameter start: the row to begin with; the others follow in a circle.
        init(goal: Int, numbers: [Int], from start: Int = 0) {
            for index in numbers.indices.map({ ($0 + start) % numbers.count })
            where index == 0 || numbers[index - 1] != numbers[index] {
                let x = numbers[index]
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
