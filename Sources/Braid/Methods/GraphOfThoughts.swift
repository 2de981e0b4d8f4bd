/// Graph of Thoughts (arXiv 2308.09687): thoughts are generated, scored, merged and improved along a graph of operations.
///
/// After sections 3 and 4: the graph is given beforehand (``GraphOfOperations``); an operation starts as soon as those it
/// works on have ended, and works on each of its thoughts at the same time. The result is the best thought of the
/// operations that nothing follows.
///
/// Deviations:
/// - Their controller runs operations one after the other; ours runs all whose predecessors have ended.
/// - Scores are the model's grades, 0 to 10; theirs are also functions written for a task. `groundTruth` takes one.
/// - Their `Selector` is not offered; a graph names its edges.
/// - A thought whose call failed or gave nothing is dropped; theirs raises.
/// - Prompts are our own words, for any task; see ``Prompts``.
public struct GraphOfThoughts: PromptedMethod {
    /// `graph-of-thoughts`.
    public let name = "graph-of-thoughts"
    /// What is done, and in which order.
    public let graph: GraphOfOperations
    /// What it says.
    public let prompts: Prompts
    /// What `groundTruth` asks; nil when there is nothing to ask.
    private let check: AnswerCheck?

    private static let thoughtTokens = 1024
    private static let gradeTokens = 256

    /// Creates the method.
    /// - Parameter check: for graphs with the operation `groundTruth`; where it cannot tell, a thought stays as it is.
    /// - Throws: ``RunError/missingPlaceholders(_:prompt:)``.
    public init(
        graph: GraphOfOperations, prompts: Prompts = Prompts(), check: AnswerCheck? = nil
    ) throws(RunError) {
        try prompts.generate.require(["question"], for: "generate")
        try prompts.aggregate.require(["question", "thoughts"], for: "aggregate")
        try prompts.improve.require(["question", "thought"], for: "improve")
        try prompts.validate.require(["question", "thought"], for: "validate")
        try prompts.score.require(["question", "thought"], for: "score")
        self.graph = graph
        self.prompts = prompts
        self.check = check
    }

    /// What an operation leaves behind.
    private struct Result: Sendable {
        var thoughts: [GraphThought] = []
        /// Its calls, also those that gave no thought.
        var calls: [Completion] = []
    }

    /// Runs the graph as widely as its edges allow.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        var schedule = DependencySchedule(graph.predecessors)
        let results = try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results: [Int: Result] = [:]
            while true {
                for index in schedule.ready() {
                    let before = graph.predecessors[index].compactMap { results[$0] }
                    group.addTask { (index, try await perform(graph.nodes[index], on: before, question, in: run)) }
                }
                guard let (index, result) = try await group.next() else { return results }
                results[index] = result
                schedule.finished(index)
                if let best = result.thoughts.best(1).first { run.settle(for: Self.answer(in: best)) }
            }
        }
        let calls = results.values.flatMap(\.calls).sorted { $0.call < $1.call }
        let last = graph.leaves.flatMap { results[$0]?.thoughts ?? [] }.best(1).first
        // Where a cut left the end of the graph without a thought, the best of all is what there is.
        let best = last ?? results.values.flatMap(\.thoughts).filter { !$0.text.isEmpty }.best(1).first
        guard let best else { return Answer(text: nil, outcome: calls.firstFailure ?? .finished) }
        return Answer(
            text: Self.answer(in: best),
            outcome: calls.firstCut ?? (last == nil ? calls.firstFailure : nil) ?? .finished)
    }

    private static func answer(in thought: GraphThought) -> String {
        Reply(thought.text).stated ?? AnswerExtractor.trimmed(thought.text)
    }

    private func perform(
        _ node: GraphOfOperations.Node, on before: [Result], _ question: Question, in run: ReasoningRun
    ) async throws -> Result {
        let thoughts = before.flatMap(\.thoughts)
        switch node.operation {
        case .generate(let count):
            let sources = node.after.isEmpty ? [GraphThought()] : thoughts
            let calls = sources.enumerated().map { index, source in
                PromptedCall(
                    "\(node.name) \(index + 1)",
                    prompts.generate.prompt(["question": question.text, "thought": source.text]), after: source.basis,
                    samples: count, maximumTokens: Self.thoughtTokens)
            }
            return Self.newThoughts(try await run.ask(calls).flatMap { $0 })
        case .aggregate(let count):
            guard !thoughts.isEmpty else { return Result() }
            let list = thoughts.enumerated().map { "\($0 + 1). \($1.text)" }.joined(separator: "\n\n")
            let call = PromptedCall(
                node.name, prompts.aggregate.prompt(["question": question.text, "thoughts": list]),
                after: thoughts.flatMap(\.basis), samples: count, maximumTokens: Self.thoughtTokens)
            return Self.newThoughts(try await run.ask(call))
        case .improve:
            let calls = thoughts.enumerated().map { improvement(of: $1, node, $0, objection: "", question) }
            return Self.newThoughts(try await run.ask(calls).flatMap { $0 })
        case .validateAndImprove(let tries): return try await validate(thoughts, node, tries, question, in: run)
        case .score(let samples): return try await score(thoughts, node, samples, question, in: run)
        case .keepBest(let count): return Result(thoughts: thoughts.best(count))
        case .keepValid: return Result(thoughts: thoughts.filter { $0.isValid != false })
        case .groundTruth:
            return Result(
                thoughts: thoughts.map { thought in
                    guard let isRight = check?(Self.answer(in: thought), question) else { return thought }
                    var checked = thought
                    checked.isValid = isRight
                    checked.score = isRight ? 10 : 0
                    return checked
                })
        }
    }

    private static func newThoughts(_ samples: [Completion]) -> Result {
        Result(
            thoughts: samples.filter { !$0.trimmed.isEmpty }.map { GraphThought(text: $0.trimmed, basis: [$0]) },
            calls: samples)
    }

    private func improvement(
        of thought: GraphThought, _ node: GraphOfOperations.Node, _ index: Int, objection: String, _ question: Question
    ) -> PromptedCall {
        PromptedCall(
            "\(node.name) \(index + 1)",
            prompts.improve.prompt(["question": question.text, "thought": thought.text, "objection": objection]),
            after: thought.basis, maximumTokens: Self.thoughtTokens)
    }

    private func score(
        _ thoughts: [GraphThought], _ node: GraphOfOperations.Node, _ samples: Int, _ question: Question,
        in run: ReasoningRun
    ) async throws -> Result {
        let calls = thoughts.enumerated().map { index, thought in
            PromptedCall(
                "\(node.name) \(index + 1)",
                prompts.score.prompt(["question": question.text, "thought": thought.text]), after: thought.basis,
                samples: samples, maximumTokens: Self.gradeTokens)
        }
        let replies = try await run.ask(calls)
        let scored = zip(thoughts, replies).map { thought, replies in
            var scored = thought
            let grades = replies.compactMap { Reply($0.text).lastNumber(in: 0...10) }
            scored.score = grades.isEmpty ? nil : Double(grades.reduce(0, +)) / Double(grades.count)
            scored.basis += replies
            return scored
        }
        return Result(thoughts: scored, calls: replies.flatMap { $0 })
    }

    /// Validates each thought by itself and improves it until it is valid or its tries are used up.
    private func validate(
        _ thoughts: [GraphThought], _ node: GraphOfOperations.Node, _ tries: Int, _ question: Question,
        in run: ReasoningRun
    ) async throws -> Result {
        let results = try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            for (index, thought) in thoughts.enumerated() {
                group.addTask { (index, try await validate(thought, index, node, tries, question, in: run)) }
            }
            var results = Array(repeating: Result(), count: thoughts.count)
            for try await (index, result) in group { results[index] = result }
            return results
        }
        return Result(thoughts: results.flatMap(\.thoughts), calls: results.flatMap(\.calls))
    }

    private func validate(
        _ thought: GraphThought, _ index: Int, _ node: GraphOfOperations.Node, _ tries: Int, _ question: Question,
        in run: ReasoningRun
    ) async throws -> Result {
        var result = Result(thoughts: [thought])
        var current = thought
        for _ in 0..<tries {
            let verdict = try await run.ask(
                PromptedCall(
                    "\(node.name) \(index + 1) validate",
                    prompts.validate.prompt(["question": question.text, "thought": current.text]), after: current.basis,
                    maximumTokens: Self.thoughtTokens))
            result.calls += verdict
            current.basis += verdict
            let text = verdict.first?.trimmed ?? ""
            current.isValid = Reply(text).lastWord(of: ["valid", "wrong"]).map { $0 == "valid" }
            result.thoughts = [current]
            // No verdict is no objection.
            guard current.isValid == false else { break }
            let improved = try await run.ask(improvement(of: current, node, index, objection: text, question))
            result.calls += improved
            guard let next = Self.newThoughts(improved).thoughts.first else { break }
            current = next
            result.thoughts = [current]
        }
        return result
    }
}
