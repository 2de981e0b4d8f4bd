/// Samples several answers from one prompt and takes the one that a verifier likes best (best-of-n; Cobbe et al.,
/// arXiv 2110.14168, section 4.2).
///
/// Deviations:
/// - The verifier is an exact check, the model itself as judge (Zheng et al., arXiv 2306.05685, section 3.1, single-answer
///   grading), or the mean log-probability of the sample's tokens; the paper trains a verifier.
/// - Answers that are equal after ``Vote/normalised(_:)`` are judged once, in their first sample's words.
/// - Of equally good answers the most frequent wins, then the earlier.
public struct BestOfN: ReasoningMethod {
    /// What compares answers.
    public enum Verifier: Sendable {
        /// An exact check; where it cannot tell, the answer counts as neither right nor wrong.
        case exact(AnswerCheck)
        /// So many grades of the model itself, from 0 to 10; the prompt has `{question}` and `{thought}`.
        case judge(PromptTemplate, samples: Int)
        /// Mean log-probability of the sample's tokens.
        case logProbability
    }

    /// `best-of-n`.
    public let name = "best-of-n"
    /// How the model is asked.
    public let frame: AnswerFrame
    /// Number of samples; each is a thread of the run's budget.
    public let samples: Int
    /// What compares answers.
    public let verifier: Verifier

    private static let gradeTokens = 256

    /// Creates the method.
    /// - Parameter samples: 1...256; grades of a judge 1...64.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``, ``RunError/missingPlaceholders(_:prompt:)``.
    public init(
        samples: Int, verifier: Verifier, frame: AnswerFrame = .dialect(.braid)
    ) throws(RunError) {
        try RunError.check("samples", samples, in: 1...256)
        if case .judge(let prompt, let grades) = verifier {
            try RunError.check("grades", grades, in: 1...64)
            try prompt.require(["question", "thought"], for: "judge")
        }
        try frame.check()
        self.samples = samples
        self.verifier = verifier
        self.frame = frame
    }

    /// The dialect it speaks.
    public var dialect: Dialect { frame.dialect }

    /// Only question and answer have tags.
    public var controlTags: Set<String> { frame.controlTags }

    /// Chat is enough: the model answers by itself, and nothing is put into its mouth.
    public var minimumTier: EngineDescription.Tier { .chat }

    /// Prefills the prompt once, decodes every sample from it, and takes the best; a run that is stopped answers with the
    /// most frequent answer, or an exactly right one, of the samples that had ended.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        if case .logProbability = verifier, !run.engineDescription.logProbabilities {
            throw EngineError.unsupported(
                "log-probabilities, which this verifier compares; use an exact check or a judge")
        }
        let sampled = try await run.answers(samples, to: question, in: frame) { ended in
            if let best = Self.best(ended, by: known(question)) { run.settle(for: best) }
        }
        var cut = sampled.compactMap(\.call).firstCut
        let worth: (SampledAnswer, String) -> Double
        if case .judge(let prompt, let grades) = verifier {
            let judged = try await judge(sampled, prompt, grades, question, in: run)
            cut = cut ?? judged.cut
            worth = { judged.grades[Vote.normalised($1)] ?? 0 }
        } else {
            worth = known(question)
        }
        guard let best = Self.best(sampled, by: worth) else {
            return Answer(text: nil, outcome: sampled.first?.answer.outcome ?? .finished)
        }
        return Answer(text: best, outcome: cut ?? .finished)
    }

    /// What an answer is worth that nobody has to be asked about.
    private func known(_ question: Question) -> (SampledAnswer, String) -> Double {
        switch verifier {
        case .exact(let check): { check($1, question).map { $0 ? 1 : -1 } ?? 0 }
        case .judge: { _, _ in 0 }
        case .logProbability: { sample, _ in sample.meanLogProbability ?? -.infinity }
        }
    }

    /// The answer of most worth; of equal ones the most frequent, then the first.
    static func best(_ sampled: [SampledAnswer], by worth: (SampledAnswer, String) -> Double) -> String? {
        var candidates: [String: (text: String, worth: Double, votes: Int, first: Int)] = [:]
        for (index, sample) in sampled.enumerated() {
            guard let text = sample.answer.text else { continue }
            let key = Vote.normalised(text)
            var candidate = candidates[key] ?? (text, -.infinity, 0, index)
            candidate.worth = max(candidate.worth, worth(sample, text))
            candidate.votes += 1
            candidates[key] = candidate
        }
        return candidates.values.max { ($0.worth, $0.votes, $1.first) < ($1.worth, $1.votes, $0.first) }?.text
    }

    /// Has each different answer graded, all at the same time.
    private func judge(
        _ sampled: [SampledAnswer], _ prompt: PromptTemplate, _ samples: Int, _ question: Question,
        in run: ReasoningRun
    ) async throws -> (grades: [String: Double], cut: ThreadOutcome?) {
        var keys: [String] = []
        var calls: [PromptedCall] = []
        for sample in sampled {
            guard let key = sample.answer.text.map(Vote.normalised), !keys.contains(key) else { continue }
            keys.append(key)
            calls.append(
                PromptedCall(
                    "grade \(keys.count)",
                    prompt.prompt([
                        "question": question.text,
                        "thought": frame.isDialect ? sample.answer.text ?? "" : sample.text,
                    ]), after: sample.call.map { [$0] } ?? [], samples: samples, maximumTokens: Self.gradeTokens))
        }
        let replies = try await run.ask(calls)
        let grades = replies.map { replies in
            let grades = replies.compactMap { Reply($0.text).lastNumber(in: 0...10) }
            return grades.isEmpty ? 0 : Double(grades.reduce(0, +)) / Double(grades.count)
        }
        return (Dictionary(uniqueKeysWithValues: zip(keys, grades)), replies.flatMap { $0 }.firstCut)
    }
}
