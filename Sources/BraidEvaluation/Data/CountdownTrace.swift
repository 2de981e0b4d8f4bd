/// How countdown puzzles are solved in training data: backward reduction, then a table look-up.
///
/// A three-number puzzle "make n from x, y, z" is settled by one row for each number x as the last operand:
/// ` x  y+z y-z y*z y/z  n-x n+x n/x n*x`, results first. After each value needed, `=` says that it is among the four
/// results (a hit, the row ends); a row without one ends with `.`; `_` marks a value that is not a whole number from 0 to 999.
/// A four-number puzzle is reduced to smaller ones by its last step; each reduction is a thread of its own, which first says
/// what the smaller puzzle has to make. Two pairs: the results of one, then a row of needs for each result of the other.
struct CountdownTrace {
    let puzzle: Countdown
    let mode: TrainingTrajectory.Mode
    var random: SplitMix64

    /// Writes the whole trajectory after the question.
    mutating func write(into writer: inout TrajectoryWriter) {
        writer.write(" \(puzzle.target): \(puzzle.numbers.map(String.init).joined(separator: " "));")
        if puzzle.numbers.count == 3 {
            let rows = Rows(goal: puzzle.target, numbers: puzzle.numbers)
            writer.write(rows.text)
            writer.answer(rows.solution ?? Countdown.noSolution)
            return
        }
        let reductions = puzzle.reductions
        let works = reductions.filter(\.works).count
        if mode == .sequential || Double(works) / Double(reductions.count) >= 0.5 {
            inline(reductions, into: &writer)
        } else {
            forked(reductions, works: works, into: &writer)
        }
    }

    /// Tries one reduction after the other; good ones are likelier to come early, as if chosen with some insight.
    private mutating func inline(_ reductions: [Countdown.Reduction], into writer: inout TrajectoryWriter) {
        for reduction in ranked(reductions) {
            let trial = Trial(reduction, target: puzzle.target)
            writer.write(" \(reduction.outline(target: puzzle.target))\(trial.body)")
            if let solution = trial.solution {
                writer.answer(solution)
                return
            }
        }
        writer.answer(Countdown.noSolution)
    }

    /// Tries several reductions at once, more of them the harder the puzzle; then the rest, if none worked.
    private mutating func forked(
        _ reductions: [Countdown.Reduction], works: Int, into writer: inout TrajectoryWriter
    ) {
        let wanted = Int((1.2 * Double(reductions.count) / Double(max(works, 1))).rounded()) + random.int(-1...1)
        let width = max(2, min(8, reductions.count, wanted))
        let order = rankedIndices(reductions)
        var rounds = [order.prefix(width).sorted()]
        let rest = order.dropFirst(width).sorted()
        for start in stride(from: 0, to: rest.count, by: 8) {
            rounds.append(Array(rest[start..<min(start + 8, rest.count)]))
        }
        for round in rounds {
            let threads = round.map { index in
                let trial = Trial(reductions[index], target: puzzle.target)
                return TrajectoryWriter.Thread(
                    outline: " \(reductions[index].outline(target: puzzle.target))", body: trial.body,
                    result: trial.solution.map { " \($0)" })
            }
            writer.fork(threads)
            if let solution = threads.compactMap(\.result).first {
                writer.answer(String(solution.dropFirst()))
                return
            }
        }
        writer.answer(Countdown.noSolution)
    }

    private mutating func ranked(_ reductions: [Countdown.Reduction]) -> [Countdown.Reduction] {
        rankedIndices(reductions).map { reductions[$0] }
    }

    /// A random order in which reductions that work have four times the weight.
    private mutating func rankedIndices(_ reductions: [Countdown.Reduction]) -> [Int] {
        var keyed: [(key: Double, index: Int)] = []
        for (index, reduction) in reductions.enumerated() {
            let unit = random.unit()
            keyed.append((reduction.works ? unit.squareRoot().squareRoot() : unit, index))
        }
        return keyed.sorted { $0.key > $1.key }.map(\.index)
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
