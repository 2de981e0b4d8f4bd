/// Plans in words, works on the plan's parts at the same time, and writes the answer from their results: for models without
/// control tags.
///
/// After the guide-book pipeline of adaptive parallel reasoning: is the question decomposable (words first, then the model);
/// a plan in structured output, repaired or refused; its dependency graph as wide as plan, budget and engine allow; each
/// thread sees the question, the instructions, its own subtask and the results it depends on, nothing else; a subtask that
/// grows too long (``SplitRule``) is planned in smaller ones and runs again with their results; results are
/// distilled, ordered by relevance and trimmed; the answer is written from them and validated; subtasks that contradict
/// each other, and what builds on them, are run again with the objection; where planning fails or does not pay, the question
/// is answered in sequence.
///
/// No paper describes the whole; what it takes from papers is said at its parts.
public struct AdaptivePlan: PromptedMethod {
    /// `adaptive-plan`.
    public let name = "adaptive-plan"
    /// What it asks.
    public let prompts: PlanPrompts
    /// What every thread is told besides its subtask; empty for nothing.
    public let instructions: String
    /// Worked examples for the planner.
    public let examples: [PlanExample]
    /// What plans; nil for the engine that does the work.
    public let planner: (any Engine)?
    /// A person's look at plan and results; nil for none.
    public let review: PlanReview?
    /// How often contradicting subtasks are run again.
    public let maximumRounds: Int

    /// Creates the method.
    /// - Parameter maximumRounds: 0...8.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``, ``RunError/missingPlaceholders(_:prompt:)``.
    public init(
        prompts: PlanPrompts = .standard, instructions: String = "", examples: [PlanExample] = [],
        planner: (any Engine)? = nil, review: PlanReview? = nil, maximumRounds: Int = 1
    ) throws(RunError) {
        guard (0...8).contains(maximumRounds) else {
            throw .invalidOption(name: "maximumRounds", value: maximumRounds, allowed: 0...8)
        }
        try prompts.check()
        self.prompts = prompts
        self.instructions = instructions
        self.examples = examples
        self.planner = planner
        self.review = review
        self.maximumRounds = maximumRounds
    }

    /// Plans, works, and answers; in sequence where that is better.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let planning = Planning(method: self, question: question, run: run)
        guard let plan = try await planning.plan() else { return try await sequentially(question, in: run, after: []) }
        var work = PlanExecution(method: self, question: question, run: run, plan: plan)
        try await work.perform(after: planning.calls)
        for round in 0...maximumRounds {
            guard work.hasResults else {
                run.decide(.fallBack, "no subtask came to a result")
                return try await sequentially(question, in: run, after: work.calls)
            }
            if try await work.isRefusedByReviewer() { return Answer(text: nil, outcome: .failed("refused in review")) }
            let answer = try await work.synthesise()
            guard let text = answer.text else {
                guard answer.outcome == .finished || answer.outcome == .contextFull else { return answer }
                run.decide(.fallBack, "the results did not lead to an answer")
                return try await sequentially(question, in: run, after: work.calls)
            }
            run.settle(for: text)
            guard round < maximumRounds else { return answer }
            let objections = try await work.objections(to: text)
            guard !objections.isEmpty else { return answer }
            try await work.perform(again: objections)
        }
        return Answer(text: nil)
    }

    /// Answers without a plan.
    private func sequentially(
        _ question: Question, in run: ReasoningRun, after calls: [Completion]
    ) async throws -> Answer {
        let prompt = prompts.sequential.prompt(["question": question.text, "instructions": instructionLine])
        let completion = try await run.ask(PromptedCall("answer", prompt, after: calls, answers: true)).first
        guard let completion else { return Answer(text: nil) }
        let text = SubtaskReply(completion.text).result
        return Answer(text: text.isEmpty ? nil : text, outcome: completion.outcome)
    }

    /// The instructions as a prompt has them.
    var instructionLine: String { instructions.isEmpty ? "" : instructions + "\n" }
}
