/// Group Think (arXiv 2505.11107): one model plays several thinkers that see each other's thoughts token by token.
///
/// `x^(n)_{k+1} = Think(I, X^(1)_{<=k}, ..., X^(N)_{<=k})`: each step draws one token of every thinker, in view of the
/// prompt and of all that anybody wrote in earlier steps. Thinker `n` has positions of its own, `|I| + nK ... |I| + nK + K`,
/// so what is seen is decided by when it was written and not by its position (the paper's local form, a batch of `N` rows
/// with one cache). It ends when every thinker has `K` tokens or has ended its answer.
///
/// Deviations:
/// - The paper has no stage in which thoughts come together; the answer here is the one that most thinkers gave.
/// - Prompt and name of a thinker are in words of our own, in the dialect's prompt; its name counts among its `K` tokens.
/// - `K` is no more than what the model's context leaves for each thinker.
/// - The last token of a thinker that has ended is not read, so the others do not see that it has.
public struct GroupThink: ReasoningMethod {
    /// `groupthink`.
    public let name = "groupthink"
    /// The dialect of question and answer.
    public let dialect: Dialect
    /// Number of thinkers; each is a thread of the run's budget.
    public let workers: Int
    /// Most tokens of a thinker, `K`.
    public let tokens: Int

    /// Creates the method.
    /// - Parameters:
    ///   - workers: 2...16.
    ///   - tokens: 16...65536.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``.
    public init(workers: Int = 4, tokens: Int = 1024, dialect: Dialect = .braid) throws(RunError) {
        guard (2...16).contains(workers) else {
            throw .invalidOption(name: "workers", value: workers, allowed: 2...16)
        }
        guard (16...65536).contains(tokens) else {
            throw .invalidOption(name: "tokens of a worker", value: tokens, allowed: 16...65536)
        }
        self.workers = workers
        self.tokens = tokens
        self.dialect = dialect
    }

    /// Only question and answer have tags.
    public var controlTags: Set<String> { dialect.sequentialTags }

    /// Thinkers see each other.
    public var groupsContexts: Bool { true }

    /// Lets the thinkers write to their ends, and votes.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open(with: prompt(for: question), mayFork: false)
        let room = await run.room(behind: main) / workers
        let group = try await run.group(
            main, seeds: (1...workers).map { TokenText([.text("Thinker \($0):")]) },
            view: .slots(length: max(1, min(tokens, room))), endsLines: true,
            forbidden: dialect.forkingTags.subtracting(dialect.sequentialTags))
        while try await !run.step(group).isEmpty {}
        await run.close(group)
        let answers = group.threads.map { run.answer(in: $0) }
        let vote = Vote(answers.compactMap(\.text))
        let outcome = vote.winner == nil ? answers.first?.outcome ?? .finished : .finished
        return Answer(text: vote.winner, outcome: outcome)
    }

    private func prompt(for question: Question) -> TokenText {
        let rules = """
            \(workers) thinkers work on one problem together: Thinker 1 to Thinker \(workers). All write at the same time, and \
            each sees every word of the others as soon as it is written. Divide the work, do not repeat what another one \
            writes, and use what the others have found. In the end each gives the answer\
            \(hasAnswerTags ? "" : " as \\boxed{answer}").

            The problem:
            """
        return dialect.promptStart + TokenText([.text(rules + "\n" + question.text)]) + dialect.promptEnd
    }

    private var hasAnswerTags: Bool { if case .tagged = dialect.answer { true } else { false } }
}
