/// Monte Carlo tree search over steps of reasoning, as LATS does it (arXiv 2310.04406, section 4).
///
/// Each iteration selects a state by UCT, samples `samples` different next steps, values them, follows the best of them in
/// the same way to an end (simulation), gives the end's reward to all states that led to it, and, when the end is not
/// right, has the model reflect on why; later steps are asked for with the latest reflections in their prompt. The value
/// of a state is `λ grade + (1 - λ) agreement` (equation 2), agreement being the share of samples that took the step.
/// An end whose reward is 1 ends the search. All samples of an expansion, and all values, run at the same time.
///
/// Deviations:
/// - A step is a line of reasoning; LATS alternates thoughts, actions and observations of an environment. An end is a step
///   that states an answer (`Answer: ...`); an attempt of ``depth`` steps without one has reward 0.
/// - The reward is 1 or 0 by an exact check where there is one; else the model's own grade of the end.
/// - An end that failed is not selected again, and a state all of whose steps failed is not either, as in their code.
/// - What a state is worth before its first visit only breaks ties, because UCT takes unvisited states first.
/// - When no end was reached, one more call answers from the most visited path.
/// - Prompts are our own words, for any task; see ``Prompts``.
public struct MonteCarloTreeSearch: PromptedMethod {
    /// `mcts`.
    public let name = "mcts"
    /// Most iterations, `K`.
    public let iterations: Int
    /// Samples of an expansion, `n`.
    public let samples: Int
    /// Most steps of an attempt, `L`.
    public let depth: Int
    /// Exploration weight `w` of UCT.
    public let weight: Double
    /// Weight `λ` of the model's grade in a state's value; the rest is agreement of the samples.
    public let gradeShare: Double
    /// What it says.
    public let prompts: Prompts
    /// Whether an answer is right; nil where only the model can judge.
    private let check: AnswerCheck?

    /// Most reflections in a prompt, the latest.
    static let maximumReflections = 5
    private static let stepTokens = 256
    private static let gradeTokens = 256

    /// Creates the method; the defaults are those of LATS's code for HotPotQA but for fewer iterations.
    /// - Parameters:
    ///   - iterations: 1...200.
    ///   - samples: 1...64.
    ///   - depth: 1...32.
    ///   - weight: 0 or more.
    ///   - gradeShare: 0...1.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``, ``RunError/missingPlaceholders(_:prompt:)``.
    public init(
        iterations: Int = 10, samples: Int = 5, depth: Int = 7, weight: Double = 2.0.squareRoot(),
        gradeShare: Double = 0.5, prompts: Prompts = Prompts(), check: AnswerCheck? = nil
    ) throws(RunError) {
        try RunError.check("iterations", iterations, in: 1...200)
        try RunError.check("samples", samples, in: 1...64)
        try RunError.check("depth", depth, in: 1...32)
        guard weight >= 0, weight.isFinite else {
            throw .invalidShare(name: "weight", value: weight, allowed: "0 or more")
        }
        guard (0...1).contains(gradeShare) else {
            throw .invalidShare(name: "gradeShare", value: gradeShare, allowed: "0 to 1")
        }
        try prompts.step.require(["question", "steps", "reflections"], for: "step")
        try prompts.value.require(["question", "steps"], for: "value")
        try prompts.reflection.require(["question", "steps"], for: "reflection")
        try prompts.answer.require(["question", "steps"], for: "answer")
        self.iterations = iterations
        self.samples = samples
        self.depth = depth
        self.weight = weight
        self.gradeShare = gradeShare
        self.prompts = prompts
        self.check = check
    }

    /// What the iterations have in common.
    private struct Search {
        var tree = SearchTree()
        var reflections: [String] = []
        /// Calls that the next decision depends on.
        var decided: [Completion] = []
        var cut: ThreadOutcome?
        var isSolved = false
    }

    /// Iterates until an end is right, the tree or the budget is exhausted, or the iterations are.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        var search = Search()
        for _ in 0..<iterations {
            guard let selected = search.tree.selected(weight: weight) else { break }
            let end = try await simulate(from: selected, question, in: run, &search)
            let reward = search.tree.nodes[end].reward ?? 0
            search.tree.backpropagate(reward, from: end)
            if let best = search.tree.bestEnd?.thought.answer { run.settle(for: best) }
            if search.isSolved || search.cut != nil { break }
            search.tree.exhaust(end)
            try await reflect(on: search.tree.nodes[end].thought, question, in: run, &search)
        }
        return try await answer(question, in: run, search)
    }

    /// Expands from a state, always on from the best of the new ones, to an end.
    private func simulate(
        from selected: Int, _ question: Question, in run: ReasoningRun, _ search: inout Search
    ) async throws -> Int {
        var current = selected
        while search.tree.nodes[current].reward == nil, search.tree.nodes[current].thought.steps.count < depth {
            let added = try await expand(current, question, in: run, &search)
            let nodes = search.tree.nodes
            if let right = added.first(where: { nodes[$0].reward == 1 }) {
                search.isSolved = true
                return right
            }
            // Nothing new: a dead end, or the budget is used up.
            guard var best = added.first else { return current }
            for child in added.dropFirst() where nodes[child].prior > nodes[best].prior { best = child }
            for child in added where child != best && nodes[child].reward != nil { search.tree.exhaust(child) }
            current = best
        }
        return current
    }

    /// Samples and values what may follow a state.
    private func expand(
        _ node: Int, _ question: Question, in run: ReasoningRun, _ search: inout Search
    ) async throws -> [Int] {
        let thought = search.tree.nodes[node].thought
        let latest = search.reflections.suffix(Self.maximumReflections)
        let reflections =
            latest.isEmpty ? "" : "\nWhat was learnt from attempts that failed:\n" + latest.map { "- \($0)\n" }.joined()
        let sampled = try await run.ask(
            PromptedCall(
                "expand",
                prompts.step.prompt([
                    "question": question.text, "steps": thought.shown, "number": "\(thought.steps.count + 1)",
                    "reflections": reflections,
                ]), after: search.decided, samples: samples, stops: ["\nStep", "\n\n"], maximumTokens: Self.stepTokens))
        search.decided = sampled
        search.cut = search.cut ?? sampled.firstCut
        var steps: [(step: String, count: Int)] = []
        for step in sampled.map(\.trimmed) where !step.isEmpty {
            if let index = steps.firstIndex(where: { $0.step == step }) {
                steps[index].count += 1
            } else {
                steps.append((step, 1))
            }
        }
        guard !steps.isEmpty else { return [] }
        let graded = try await run.ask(
            steps.map { step in
                PromptedCall(
                    "value",
                    prompts.value.prompt([
                        "question": question.text, "steps": thought.adding(step.step, value: 0).shown,
                    ]), after: sampled, maximumTokens: Self.gradeTokens)
            })
        search.decided = graded.flatMap { $0 }
        search.cut = search.cut ?? search.decided.firstCut
        return search.tree.expand(
            node,
            with: zip(steps, graded).map { step, replies in
                let grade = Double(replies.first.flatMap { Reply($0.text).lastNumber(in: 0...10) } ?? 0) / 10
                let agreement = Double(step.count) / Double(sampled.count)
                let reward = Reply(step.step).stated.map { answer in
                    check?(answer, question).map { $0 ? 1 : 0 } ?? grade
                }
                return (step.step, gradeShare * grade + (1 - gradeShare) * agreement, reward)
            })
    }

    private func reflect(
        on thought: Thought, _ question: Question, in run: ReasoningRun, _ search: inout Search
    ) async throws {
        guard !thought.steps.isEmpty else { return }
        let reflection = try await run.ask(
            PromptedCall(
                "reflect", prompts.reflection.prompt(["question": question.text, "steps": thought.shown]),
                after: search.decided, maximumTokens: Self.gradeTokens))
        search.decided = reflection
        search.cut = search.cut ?? reflection.firstCut
        if let text = reflection.first?.trimmed, !text.isEmpty {
            search.reflections.append(text.split(whereSeparator: \.isNewline).joined(separator: " "))
        }
    }

    private func answer(_ question: Question, in run: ReasoningRun, _ search: Search) async throws -> Answer {
        if let stated = search.tree.bestEnd?.thought.answer {
            return Answer(text: stated, outcome: search.isSolved ? .finished : search.cut ?? .finished)
        }
        let thought = search.tree.mostPromising.thought
        let call = PromptedCall(
            "answer", prompts.answer.prompt(["question": question.text, "steps": thought.shown]),
            after: search.decided, answers: true)
        var answer = try await run.ask(call).wholeAnswer
        if answer.text == nil { answer.text = thought.steps.last }
        if answer.outcome == .finished, let cut = search.cut { answer.outcome = cut }
        return answer
    }
}
