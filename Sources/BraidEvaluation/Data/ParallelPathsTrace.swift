import Braid

/// How problems are solved in training data by blocks of paths that nothing but their draws tells apart (Parallel-R1).
///
/// Easy problems have no block. In a four-number puzzle each path draws one of five groups of last steps, those with one
/// of the numbers or pairs, and tries it; while none worked the next block draws from the other groups. In other problems
/// each path does everything, in an order of its own.
struct ParallelPathsTrace {
    let content: Problem.Content
    let dialect: Dialect

    /// Most blocks of one response (`max_iterations_for_parallel_thinking`).
    private static let maximumBlocks = 4
    /// How often each group is drawn first: solutions with large numbers are likelier.
    private static let weights = [0.35, 0.25, 0.15, 0.1, 0.15]

    /// Writes the whole trajectory after the question.
    func write(into writer: inout TrajectoryWriter, using random: inout SplitMix64) {
        switch content {
        case .countdown(let puzzle, _) where puzzle.numbers.count == 4:
            countdown(puzzle, into: &writer, using: &random)
        case .multiplication(let product) where product.parts.count > 1: whole(into: &writer, using: &random)
        case .equations: whole(into: &writer, using: &random)
        default:
            let path = SolutionPath(content, number: 0)
            if !path.text.isEmpty { writer.write(path.text, titled: "", concluding: "") }
            writer.answer(path.answer ?? Countdown.noSolution)
        }
    }

    private func whole(into writer: inout TrajectoryWriter, using random: inout SplitMix64) {
        let paths = (0..<width).map { _ in
            SolutionPath(content, number: random.int(0...(SolutionPath.count - 1)))
        }
        let answer = paths[0].answer ?? Countdown.noSolution
        writer.fork(
            paths.map { .init(body: $0.text, result: $0.answer.map { " \($0)" }) }, concluding: " \(answer)")
        writer.answer(answer)
    }

    private func countdown(
        _ puzzle: Countdown, into writer: inout TrajectoryWriter, using random: inout SplitMix64
    ) {
        writer.write(CountdownTrace.header(of: puzzle), titled: "", concluding: "")
        let groups = CountdownTrace.groups(of: puzzle)
        var left = groups.indices.filter { !groups[$0].isEmpty }
        for _ in 0..<Self.maximumBlocks where !left.isEmpty {
            let drawn = (0..<width).map { _ in Self.draw(from: left, using: &random) }
            left.removeAll(where: drawn.contains)
            let paths = drawn.map { SolutionPath(groups[$0], of: puzzle) }
            let found = paths.compactMap(\.answer).first
            writer.fork(
                paths.map { .init(body: $0.text, result: $0.answer.map { " \($0)" }) },
                concluding: found.map { " \($0)" } ?? CountdownTrace.nothing)
            if let found {
                writer.answer(found)
                return
            }
        }
        let rest = SolutionPath(left.flatMap { groups[$0] }, of: puzzle)
        if !rest.text.isEmpty { writer.write(rest.text, titled: "", concluding: "") }
        writer.answer(rest.answer ?? Countdown.noSolution)
    }

    private var width: Int { dialect.unplannedThreads ?? 2 }

    private static func draw(from groups: [Int], using random: inout SplitMix64) -> Int {
        var point = random.unit() * groups.reduce(0) { $0 + weights[$1] }
        for group in groups {
            point -= weights[group]
            if point < 0 { return group }
        }
        return groups[groups.count - 1]
    }
}
