import Synchronization

extension ReasoningRun {
    /// Draws whole answers from one prompt, which is prefilled once.
    /// - Parameter ended: called with all that have ended, in the order they began, as each ends.
    func answers(
        _ count: Int, to question: Question, in frame: AnswerFrame,
        ended: @escaping @Sendable ([SampledAnswer]) -> Void
    ) async throws -> [SampledAnswer] {
        let collected = SampledAnswers()
        switch frame {
        case .dialect:
            guard count <= budget.maximumThreads else {
                throw RunError.invalidOption(name: "samples", value: count, allowed: 1...budget.maximumThreads)
            }
            let main = try await open(mayFork: false)
            let lines = try await fork(main, count: count) { line in
                _ = try await self.decode(line)
                ended(collected.add(self.sampled(line), key: line.id))
            }
            return lines.map(sampled)
        case .words(let template):
            let call = PromptedCall(
                "answer", template.prompt(["question": question.text]), after: [], samples: count, answers: count == 1)
            return try await ask([call]) { _, samples in ended(samples.map(Self.sampled)) }
                .flatMap { $0 }.map(Self.sampled)
        }
    }

    private func sampled(_ line: LiveThread) -> SampledAnswer {
        SampledAnswer(
            answer: answer(in: line), text: line.text, meanLogProbability: recorder.meanLogProbability(of: line.id))
    }

    private static func sampled(_ completion: Completion) -> SampledAnswer {
        SampledAnswer(
            answer: [completion].wholeAnswer, text: completion.trimmed,
            meanLogProbability: completion.meanLogProbability, call: completion)
    }
}

/// Answers as they come, in any order.
private final class SampledAnswers: Sendable {
    private let state = Mutex<[(key: String, answer: SampledAnswer)]>([])

    func add(_ answer: SampledAnswer, key: String) -> [SampledAnswer] {
        state.withLock { state in
            state.append((key, answer))
            return state.sorted { ($0.key.count, $0.key) < ($1.key.count, $1.key) }.map(\.answer)
        }
    }
}
