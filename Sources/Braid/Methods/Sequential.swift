/// One line from question to answer; forking is forbidden.
///
/// The baseline that every other method is compared with; with budget forcing as s1 does it (arXiv 2501.19393,
/// section 3.1).
///
/// Deviations from s1:
/// - In a dialect without thinking tags the thinking ends where the answer's tag opens, in plain words at `Answer:`.
/// - The tag whose end is ignored is charged to the budget.
public struct Sequential: ReasoningMethod {
    /// `sequential`.
    public let name = "sequential"
    /// How the model is asked.
    public let frame: AnswerFrame
    /// How long it thinks; nil for as long as it wants.
    public let forcing: BudgetForcing?

    /// What ends the thinking in plain words.
    private static let answerMark = "Answer:"

    /// Creates the method for a model trained on a dialect.
    public init(dialect: Dialect = .braid, forcing: BudgetForcing? = nil) {
        frame = .dialect(dialect)
        self.forcing = forcing
    }

    /// Creates the method for any other model.
    /// - Throws: ``RunError/missingPlaceholders(_:prompt:)``.
    public init(asking prompt: PromptTemplate, forcing: BudgetForcing? = nil) throws(RunError) {
        frame = .words(prompt)
        self.forcing = forcing
        try frame.check()
    }

    /// The dialect it speaks.
    public var dialect: Dialect { frame.dialect }

    /// It does, where there is one: not in plain words.
    public let answersOnMainLine = true

    /// Only question and answer have tags.
    public var controlTags: Set<String> { frame.controlTags }

    /// Chat is enough: the model answers once, and nothing is put into its mouth; not so where its thinking is cut.
    public var minimumTier: EngineDescription.Tier { forcing == nil ? .chat : .text }

    /// Decodes to the end.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        switch (frame, forcing) {
        case (.dialect, let forcing):
            let main = try await run.open(mayFork: false)
            if let forcing {
                try await run.decode(main, forcing: forcing)
            } else {
                _ = try await run.decode(main)
            }
            return run.answer(in: main)
        case (.words(let template), nil):
            let call = PromptedCall("answer", template.prompt(["question": question.text]), after: [], answers: true)
            return try await run.ask(call).wholeAnswer
        case (.words(let template), .some(let forcing)):
            return try await force(template.prompt(["question": question.text]), forcing, in: run)
        }
    }

    /// Budget forcing in plain words: each part is asked for with everything before it as the answer's beginning.
    private func force(_ prompt: Prompt, _ forcing: BudgetForcing, in run: ReasoningRun) async throws -> Answer {
        var prompt = prompt
        var before: [Completion] = []
        var tokens = 0
        for part in 0...forcing.extensions {
            let room = forcing.maximumThinkingTokens.map { $0 - tokens }
            if let room, room <= 0 { break }
            let thinking = try await run.ask(
                PromptedCall(
                    "think", prompt, after: before, stops: [Self.answerMark], maximumTokens: room, answers: true))
            before = thinking
            guard let thought = thinking.first, thought.outcome == .finished else { return thinking.wholeAnswer }
            tokens += thought.tokenCount
            prompt.answerBeginning += thought.text
            if thought.ending == .maximumTokens { break }
            if part < forcing.extensions { prompt.answerBeginning += forcing.appended }
        }
        prompt.answerBeginning += Self.answerMark
        let answer = try await run.ask(
            PromptedCall("answer", prompt, after: before, stops: ["\n"], answers: true))
        return answer.wholeAnswer
    }
}
