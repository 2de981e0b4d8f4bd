import Braid

/// How problems are solved in training data by plans in plain text (`adaptive-plan`): the reply to each of its prompts.
///
/// A problem that does not fall apart has a plan of one subtask, and is answered at once. A plan for a four-number puzzle
/// has a subtask for each number that may come last, and one for pairs. Every prompt begins a context of its own; the
/// model ends each reply.
struct PlanTrace {
    let content: Problem.Content
    let question: String
    let prompts: PlanPrompts

    /// One subtask and what came of it.
    private struct Part {
        var task: String
        var work: String
        var result: String?
    }

    /// Share of subtasks that are told of a mistake of an earlier attempt.
    private static let objectionShare = 0.08
    /// Share of problems with a plan that are also answered without.
    private static let sequentialShare = 0.25
    /// Share of syntheses whose results come in another order than the plan's.
    private static let shuffledShare = 0.2

    /// The segments of all calls.
    func segments(using random: inout SplitMix64) -> [TrainingTrajectory.Segment] {
        let parts = parts
        let lines = parts.isEmpty ? ["1:\(alone)"] : parts.enumerated().map { "\($0 + 1):\($1.task)" }
        var segments = call(prompts.plan, ["examples": ""], reply: lines.joined(separator: "\n"))
        if parts.isEmpty || random.chance(Self.sequentialShare) {
            let path = SolutionPath(content, number: 0)
            let answer = path.answer ?? Countdown.noSolution
            segments += call(
                prompts.sequential, [:], reply: path.text + Self.last(answer, after: path.text, name: "Answer"),
                at: segments.count)
        }
        guard !parts.isEmpty else { return segments }
        for (index, part) in parts.enumerated() {
            let objections = random.chance(Self.objectionShare) ? objection(using: &random) : ""
            let values = [
                "id": String(index + 1), "task": String(part.task.dropFirst()), "results": "", "objections": objections,
            ]
            let result = part.result ?? TrajectoryWriter.nothing
            segments += call(
                prompts.subtask, values, reply: part.work + Self.last(result, after: part.work, name: "Result"),
                isSubtask: true, useful: part.result != nil, at: segments.count)
        }
        var order = Array(parts.indices)
        if random.chance(Self.shuffledShare) { order.shuffle(using: &random) }
        let results = order.map { index in
            let result = (parts[index].result ?? TrajectoryWriter.nothing).dropFirst()
            return filled(prompts.result, ["id": String(index + 1), "result": String(result)])
        }
        let (work, answer) = synthesis(of: parts)
        segments += call(
            prompts.synthesis, ["results": results.joined(), "objections": ""],
            reply: work + Self.last(" \(answer)", after: work, name: "Answer"), at: segments.count)
        return segments
    }

    // MARK: Problems

    /// The subtasks of a problem; none for one that does not fall apart.
    private var parts: [Part] {
        switch content {
        case .countdown(let puzzle, _) where puzzle.numbers.count == 4:
            let header = CountdownTrace.header(of: puzzle)
            return CountdownTrace.groups(of: puzzle).enumerated().compactMap { index, group in
                guard !group.isEmpty else { return nil }
                let path = SolutionPath(group, of: puzzle)
                let task = index == 4 ? " pairs" : " last \(puzzle.numbers[index])"
                return Part(task: task, work: header + path.text, result: path.answer.map { " \($0)" })
            }
        case .multiplication(let product) where product.parts.count > 1:
            return MultiplicationTrace.rows(of: product).map { row in
                Part(task: row.outline, work: row.body, result: row.result)
            }
        case .equations(let system):
            return system.equations.map { equation in
                Part(
                    task: " \(equation.name)", work: EquationsTrace.work(equation),
                    result: " \(equation.name) = \(equation.solution)")
            }
        default: return []
        }
    }

    /// What the one subtask of a problem is that does not fall apart.
    private var alone: String {
        switch content {
        case .countdown(let puzzle, _): " make \(puzzle.target)"
        case .multiplication(let product): " \(product.left) * \(product.right)"
        case .equations(let system): " \(system.expression)"
        case .sum(let sum): " \(sum.left) \(sum.symbol) \(sum.right)"
        case .foreign: " reply"
        }
    }

    private func synthesis(of parts: [Part]) -> (work: String, answer: String) {
        switch content {
        case .multiplication(let product): (MultiplicationTrace.sum(of: product), String(product.answer))
        case .equations(let system): (EquationsTrace.evaluation(system), String(system.answer))
        default: ("", parts.compactMap(\.result).first.map { String($0.dropFirst()) } ?? Countdown.noSolution)
        }
    }

    // MARK: Calls

    private static func last(_ text: String, after work: String, name: String) -> String {
        (work.isEmpty ? "" : "\n") + "\(name): " + text.drop { $0 == " " }
    }

    private func objection(using random: inout SplitMix64) -> String {
        let (a, b) = (random.int(2...99), random.int(2...20))
        return filled(prompts.objection, ["objection": "\(a) * \(b) = \(a * b + random.int(1...9))"])
    }

    private func filled(_ template: PromptTemplate, _ values: [String: String]) -> String {
        template.prompt(values).messages.map(\.text).joined(separator: "\n\n")
    }

    private func call(
        _ template: PromptTemplate, _ values: [String: String], reply: String, isSubtask: Bool = false,
        useful: Bool? = nil, at index: Int = 0
    ) -> [TrainingTrajectory.Segment] {
        let values = values.merging(["question": question, "instructions": ""]) { own, _ in own }
        return [
            .init(
                parent: -1, kind: isSubtask ? .seed : .prompt, model: false, useful: nil, stitched: nil,
                pieces: template.prompt(values).plainText.trainingPieces),
            .init(
                parent: index, kind: isSubtask ? .thread : .main, model: true, useful: useful, stitched: nil,
                pieces: [.text(reply), .control(Self.end)]),
        ]
    }

    /// What ends a text of the built-in model, whatever it is an answer to.
    private static let end = "</Answer>"
}
