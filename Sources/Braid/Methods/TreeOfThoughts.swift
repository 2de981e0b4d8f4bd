/// Tree of Thoughts (arXiv 2305.10601): searches a tree of partial solutions that the model itself proposes and values.
///
/// After section 3: the generator either samples `k` thoughts independently or proposes them in one call; the evaluator
/// either values each state by itself (sure, likely, impossible; 20, 1 and 0.001, summed over samples) or lets samples
/// vote over all; ``ThoughtSearch`` decides what is expanded. All calls of one step run at the same time.
///
/// Deviations:
/// - Prompts are our own words, for any task; see ``Prompts``. The paper's are written for each task.
/// - A thought that states an answer (`Answer: ...`) is whole, however few its steps; the paper fixes the number of steps.
/// - When the best thought states no answer, one more call asks for it; the paper's last step is the answer.
/// - A beam search is added: breadth first by the sum of values along a path.
/// - Values are the same whatever the step; their code has another prompt for the last step of Game of 24.
/// - Selection is greedy; their code can also draw states in proportion to their values.
public struct TreeOfThoughts: PromptedMethod {
    /// How candidates for the next step are made (section 3, item 2).
    public enum Generator: Sendable, Hashable {
        /// One call lists up to so many, one in each line.
        case propose(Int)
        /// So many independent samples.
        case sample(Int)
    }

    /// How states are compared (section 3, item 3).
    public enum Evaluator: Sendable, Hashable {
        /// Each by itself, by so many samples of a verdict.
        case value(samples: Int)
        /// All of a step together, by so many votes.
        case vote(samples: Int)
    }

    /// `tree-of-thoughts`.
    public let name = "tree-of-thoughts"
    /// How the tree is searched.
    public let policy: ThoughtSearch.Policy
    /// Most steps of a thought, `T`.
    public let depth: Int
    /// How candidates are made.
    public let generator: Generator
    /// How states are compared.
    public let evaluator: Evaluator
    /// What it says.
    public let prompts: Prompts

    private static let verdicts = ["sure": 20.0, "likely": 1, "impossible": 0.001]
    private static let proposalTokens = 512
    private static let thoughtTokens = 256
    private static let evaluationTokens = 256

    /// Creates the method; the defaults are the paper's for Game of 24 (section 4.1).
    /// - Parameters:
    ///   - depth: 1...32.
    ///   - policy: width 1...64, at most 1000 expansions.
    ///   - generator: 1...64 candidates.
    ///   - evaluator: 1...64 samples; depth first needs values, because a vote knows only the best.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``, ``RunError/missingPlaceholders(_:prompt:)``.
    public init(
        policy: ThoughtSearch.Policy = .breadthFirst(breadth: 5), depth: Int = 3, generator: Generator = .propose(8),
        evaluator: Evaluator = .value(samples: 3), prompts: Prompts = Prompts()
    ) throws(RunError) {
        try RunError.check("depth", depth, in: 1...32)
        switch policy {
        case .breadthFirst(let width), .beam(let width): try RunError.check("breadth", width, in: 1...64)
        case .depthFirst(_, let expansions): try RunError.check("expansions", expansions, in: 1...1000)
        }
        switch generator {
        case .propose(let count), .sample(let count): try RunError.check("candidates", count, in: 1...64)
        }
        switch evaluator {
        case .value(let samples): try RunError.check("samples", samples, in: 1...64)
        case .vote(let samples):
            try RunError.check("samples", samples, in: 1...64)
            if case .depthFirst = policy { throw .optionsConflict("a vote", "depth-first search, which needs values") }
        }
        try prompts.propose.require(["question", "steps"], for: "propose")
        try prompts.sample.require(["question", "steps"], for: "sample")
        try prompts.value.require(["question", "steps"], for: "value")
        try prompts.vote.require(["question", "choices"], for: "vote")
        try prompts.answer.require(["question", "steps"], for: "answer")
        self.policy = policy
        self.depth = depth
        self.generator = generator
        self.evaluator = evaluator
        self.prompts = prompts
    }

    /// Generates, evaluates and searches until the search is over, then answers from the best thought.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        var search = ThoughtSearch(policy, depth: depth)
        var values = ValueCache()
        // What the choice of the frontier came from.
        var decided: [Completion] = []
        var cut: ThreadOutcome?
        var step = 0
        while !search.frontier.isEmpty {
            step += 1
            let generated = try await run.ask(
                search.frontier.enumerated().map { generation(of: $1, number: $0 + 1, step, question, after: decided) })
            let candidates = zip(search.frontier, generated).map { parent, samples in
                (parent: parent, steps: steps(in: samples), calls: samples)
            }
            let valued = try await evaluate(candidates, step, question, in: run, &values)
            let before = search.best
            search.take(valued.candidates)
            decided = valued.calls.isEmpty ? generated.flatMap { $0 } : valued.calls
            if search.best != before, let best = search.best.answer ?? search.best.steps.last { run.settle(for: best) }
            cut = cut ?? (generated.flatMap { $0 } + valued.calls).firstCut
        }
        return try await answer(from: search.best, question, after: decided, cut: cut, in: run)
    }

    // MARK: Generation

    private func generation(
        of thought: Thought, number: Int, _ step: Int, _ question: Question, after: [Completion]
    ) -> PromptedCall {
        let values = ["question": question.text, "steps": thought.shown]
        switch generator {
        case .propose(let count):
            return PromptedCall(
                "propose \(step).\(number)",
                prompts.propose.prompt(values.merging(["count": "\(count)"]) { first, _ in first }), after: after,
                stops: ["\n\n"], maximumTokens: Self.proposalTokens)
        case .sample(let count):
            return PromptedCall(
                "think \(step).\(number)", prompts.sample.prompt(values), after: after, samples: count,
                maximumTokens: Self.thoughtTokens)
        }
    }

    /// The next steps that a generation gave.
    private func steps(in samples: [Completion]) -> [String] {
        switch generator {
        case .propose(let count): return Array(Reply(samples.first?.text ?? "").items.prefix(count))
        case .sample:
            return samples.compactMap { sample in
                let step = sample.trimmed.split(whereSeparator: \.isNewline).joined(separator: " ")
                return step.isEmpty ? nil : step
            }
        }
    }

    // MARK: Evaluation

    private typealias Candidates = [(parent: Thought, steps: [String], calls: [Completion])]

    /// Values of states that were valued before in this run (their code's prompt cache).
    private typealias ValueCache = [[String]: Double]

    private func evaluate(
        _ candidates: Candidates, _ step: Int, _ question: Question, in run: ReasoningRun, _ cache: inout ValueCache
    ) async throws -> (candidates: [[Thought]], calls: [Completion]) {
        switch evaluator {
        case .value(let samples):
            return try await value(candidates, samples, step, question, in: run, &cache)
        case .vote(let samples): return try await vote(candidates, samples, step, question, in: run)
        }
    }

    private func value(
        _ candidates: Candidates, _ samples: Int, _ step: Int, _ question: Question, in run: ReasoningRun,
        _ cache: inout ValueCache
    ) async throws -> (candidates: [[Thought]], calls: [Completion]) {
        var asked: [[String]] = []
        var calls: [PromptedCall] = []
        for candidate in candidates {
            for next in candidate.steps {
                let path = candidate.parent.steps + [next]
                guard cache[path] == nil, !asked.contains(path) else { continue }
                asked.append(path)
                calls.append(
                    PromptedCall(
                        "value \(step).\(asked.count)",
                        prompts.value.prompt(["question": question.text, "steps": Thought(steps: path).shown]),
                        after: candidate.calls, samples: samples, maximumTokens: Self.evaluationTokens))
            }
        }
        let verdicts = try await run.ask(calls)
        for (path, samples) in zip(asked, verdicts) {
            cache[path] = samples.reduce(0) { sum, sample in
                sum + (Reply(sample.text).lastWord(of: Array(Self.verdicts.keys)).flatMap { Self.verdicts[$0] } ?? 0)
            }
        }
        // A state that came up twice counts once.
        var seen: Set<[String]> = []
        let valued = candidates.map { candidate in
            candidate.steps.map { next in
                let path = candidate.parent.steps + [next]
                return candidate.parent.adding(next, value: seen.insert(path).inserted ? cache[path] ?? 0 : 0)
            }
        }
        return (valued, verdicts.flatMap { $0 })
    }

    private func vote(
        _ candidates: Candidates, _ samples: Int, _ step: Int, _ question: Question, in run: ReasoningRun
    ) async throws -> (candidates: [[Thought]], calls: [Completion]) {
        let all = candidates.flatMap { candidate in candidate.steps.map { candidate.parent.adding($0, value: 0) } }
        guard !all.isEmpty else { return (candidates.map { _ in [] }, []) }
        let choices = all.enumerated().map { "Choice \($0 + 1):\n\($1.shown)" }.joined(separator: "\n\n")
        let votes = try await run.ask(
            PromptedCall(
                "vote \(step)", prompts.vote.prompt(["question": question.text, "choices": choices]),
                after: candidates.flatMap(\.calls), samples: samples, maximumTokens: Self.evaluationTokens))
        var counts = Array(repeating: 0.0, count: all.count)
        for vote in votes {
            if let choice = Reply(vote.text).lastNumber(in: 1...all.count) { counts[choice - 1] += 1 }
        }
        var index = 0
        let valued = candidates.map { candidate in
            candidate.steps.map { next in
                index += 1
                return candidate.parent.adding(next, value: counts[index - 1])
            }
        }
        return (valued, votes)
    }

    // MARK: Answer

    private func answer(
        from best: Thought, _ question: Question, after decided: [Completion], cut: ThreadOutcome?,
        in run: ReasoningRun
    ) async throws -> Answer {
        if let stated = best.answer { return Answer(text: stated, outcome: cut ?? .finished) }
        let call = PromptedCall(
            "answer", prompts.answer.prompt(["question": question.text, "steps": best.shown]), after: decided,
            answers: true)
        var answer = try await run.ask(call).wholeAnswer
        if answer.text == nil { answer.text = best.steps.last }
        if answer.outcome == .finished, let cut { answer.outcome = cut }
        return answer
    }
}
