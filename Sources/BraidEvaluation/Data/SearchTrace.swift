import Braid

/// How three-number puzzles are solved in training data by searches that spawn searches with messages (the APR method).
///
/// The main line takes the first steps in a fixed order and spawns a search for what each leaves, four at a time; a search
/// tries the steps that remain. A search sees the state of its node and nothing else; it hands back the path that won.
struct SearchTrace {
    let puzzle: Countdown
    let dialect: Dialect
    let messages: MessageSyntax

    /// Searches spawned at a time.
    private static let width = 4

    /// A state and the step that led to it.
    private struct Node {
        var name: String
        var numbers: [Int]
        var operation: String
    }

    /// The segments of the whole trajectory.
    func segments(question: String) -> [TrainingTrajectory.Segment] {
        let prompt = dialect.prompt(for: Question(question))
        var segments = [segment(parent: -1, .prompt, prompt)]
        var tip = 0
        var written = prompt.rendered
        var beginning = "\n"
        let nodes = steps(from: puzzle.numbers).enumerated().map { index, step in
            Node(name: "Node #0,\(index)", numbers: step.numbers, operation: step.operation)
        }
        for first in stride(from: 0, to: nodes.count, by: Self.width) {
            let spawned = Array(nodes[first..<min(nodes.count, first + Self.width)])
            let explored = beginning + spawned.map { exploring($0) + generated($0) }.joined()
            beginning = ""
            written += explored
            segments.append(segment(parent: tip, .main, TokenText([.text(explored)])))
            let fork = segments.count - 1
            let searches = spawned.enumerated().map { index, node in
                let path = path(from: node)
                return Dialect.JoinedThread(
                    outline: Outline(number: index, text: node.name), returned: path.map { .text($0) }, content: [],
                    isClosed: true)
            }
            segments.append(segment(parent: fork, .main, dialect.forkingText(searches.map(\.outline)), isLast: true))
            for (node, search) in zip(spawned, searches) {
                guard let seed = messages.prompt(for: search.outline, from: written) else { continue }
                segments.append(segment(parent: -1, .seed, seed))
                segments.append(
                    segment(
                        parent: segments.count - 1, .thread, TokenText([.text(work(on: node))]), isLast: true,
                        useful: search.returned != nil))
            }
            segments.append(segment(parent: fork, .join, dialect.joinedText(searches)))
            tip = segments.count - 1
            if let won = spawned.first(where: { path(from: $0) != nil }), let path = path(from: won) {
                let start = "Moving to Node #0\nCurrent State: \(state(puzzle.numbers)), Operations: []\n"
                let text = reached + "\n" + start + exploring(won) + generated(won) + path
                segments.append(segment(parent: tip, .main, TokenText([.text(text)]), isLast: true))
                return segments
            }
        }
        segments.append(segment(parent: tip, .main, "No solution found.", isLast: true))
        return segments
    }

    // MARK: Lines

    private func state(_ numbers: [Int]) -> String {
        "\(puzzle.target):[\(numbers.map(String.init).joined(separator: ", "))]"
    }

    private func exploring(_ operation: String, _ numbers: [Int]) -> String {
        "Exploring Operation: \(operation), Resulting Numbers: [\(numbers.map(String.init).joined(separator: ", "))]\n"
    }

    private func exploring(_ node: Node) -> String { exploring(node.operation, node.numbers) }

    private func generated(_ node: Node) -> String {
        "Generated \(node.name): \(state(node.numbers)) Operation: \(node.operation)\n"
    }

    private var reached: String { "\(puzzle.target),\(puzzle.target) equal: Goal Reached" }

    /// Every step from some numbers, pairs in order, each with all operations: the step and the numbers left.
    private func steps(from numbers: [Int]) -> [(operation: String, numbers: [Int])] {
        var steps: [(operation: String, numbers: [Int])] = []
        for i in numbers.indices {
            for j in numbers.indices.dropFirst(i + 1) {
                let (high, low) = (max(numbers[i], numbers[j]), min(numbers[i], numbers[j]))
                let rest = numbers.indices.filter { $0 != i && $0 != j }.map { numbers[$0] }
                for (symbol, result) in zip(CountdownArithmetic.symbols, CountdownArithmetic.results(high, low)) {
                    guard let result else { continue }
                    steps.append(("\(high)\(symbol)\(low)=\(result)", rest + [result]))
                }
            }
        }
        return steps
    }

    /// What a search writes behind its prompt.
    private func work(on node: Node) -> String {
        var text = "\n"
        for step in steps(from: node.numbers) {
            text += exploring(step.operation, step.numbers)
            if step.numbers == [puzzle.target] { return text + reached + "\n" + (path(from: node) ?? "") }
            text += "\(step.numbers[0]),\(puzzle.target) unequal: No Solution\n"
        }
        return text + "No solution found."
    }

    /// The path from a node to the target, or nil.
    private func path(from node: Node) -> String? {
        guard let last = steps(from: node.numbers).first(where: { $0.numbers == [puzzle.target] }) else { return nil }
        return "Moving to \(node.name)\nCurrent State: \(state(node.numbers)), Operations: ['\(node.operation)']\n"
            + exploring(last.operation, last.numbers) + reached
    }

    // MARK: Segments

    private func segment(
        parent: Int, _ kind: TrainingTrajectory.Segment.Kind, _ text: TokenText, isLast: Bool = false,
        useful: Bool? = nil
    ) -> TrainingTrajectory.Segment {
        var pieces = text.trainingPieces
        if isLast, let end = dialect.ends.min() { pieces.append(.control(end)) }
        return .init(
            parent: parent, kind: kind, model: kind == .main || kind == .thread, useful: useful, stitched: nil,
            pieces: pieces)
    }
}

extension TokenText {
    /// The text as training data, without empty pieces.
    var trainingPieces: [TrainingTrajectory.Piece] {
        pieces.compactMap { piece in
            switch piece {
            case .text(let text): text.isEmpty ? nil : .text(text)
            case .control(let tag): .control(tag)
            case .tokens: nil
            }
        }
    }
}
