/// Hogwild! Inference (arXiv 2504.06261): workers write at the same time and see each other's tokens as they come; they
/// organise themselves by what they are told, nothing is trained and nothing is joined.
///
/// After its released loop (`generation.py`, lines 38 to 172, and `formatting.py`), in its own words a step is a paragraph:
///
///     <rules and question>
///     ### Past steps
///     **Alice [1]:** ... **Bob [1]:** ...              published: the common beginning
///     ### Work in progress (others)
///     **Bob [2]:** ...<...>                            seen as it is written
///     ### Work in progress (own)
///     **Alice [2]:** ...
///
/// Each iteration draws one token of every worker in one pass. A step ends with a token that contains an empty line, after
/// a sentence; it moves to the past, and the worker goes on from the token drawn last and its next prefix, with a question
/// whether it does redundant work once the workers have got more than 256 tokens since the last one. The run ends when a
/// finished step has an answer. Without one, past and unfinished steps are read again in one line, with the beginning of
/// an answer, and 16 greedy tokens.
///
/// Deviations:
/// - The rules are in words of our own, shorter, without worked examples, and for 2 to 8 workers; theirs are for two. They
///   stand in the dialect's prompt before the question instead of in a chat template's.
/// - The common beginning ends with the header of past steps, which their code has in its worked examples only.
/// - ``Layout/interleaved`` is in the paper and not in their released code; it is built from its description.
/// - ``Layout/contiguous`` has no steps, as in their basic example; it ends when any worker has written an answer.
/// - Tokens that a worker may not draw: theirs (`#`, `</think>`, ends of text) and the tags of the dialect's forks. In a
///   dialect with answer tags, an answer ends its worker and the run.
/// - An answer is the text between the last complete answer marks; theirs must also parse as a number.
/// - The last 16 tokens follow the text as it was tokenised at first; theirs is decoded and tokenised again.
public struct HogwildInference: ReasoningMethod {
    /// What workers see of each other (section 3.2 and figure 4 of the paper).
    public enum Layout: String, Sendable, CaseIterable {
        /// Finished steps in the order in which they ended, the others' unfinished ones, the own one.
        case combined
        /// All that the others wrote, then all that the worker wrote itself.
        case contiguous
        /// Finished steps in the order in which they ended, and the own one: unfinished ones of others are not seen.
        case interleaved
    }

    /// `hogwild`.
    public let name = "hogwild"
    /// The dialect of question and answer.
    public let dialect: Dialect
    /// Number of workers; each is a thread of the run's budget.
    public let workers: Int
    /// What they see of each other.
    public let layout: Layout

    private static let names = ["Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi"]
    private static let separator = "\n\n"
    private static let pivot = "<...>"
    private static let pastHeader = "### Past steps" + separator
    private static let othersHeader = separator + "### Work in progress (others)" + separator
    private static let ownHeader = separator + "### Work in progress (own)" + separator
    private static let split = " <the assistant will continue here>" + separator
    private static let check = "Quick check: am I doing redundant work? (yes/no): "
    private static let finisher =
        separator + "Wait, given the limited time, I have to give an answer right now. Considering all my previous "
        + "attempts, I have to conclude that the final answer is "
    /// Tokens of all workers after which they are asked whether they do redundant work.
    private static let checkInterval = 256
    private static let finisherTokens = 16
    /// What ends a sentence, in the scripts that theirs names.
    private static let sentenceEnds: Set<Character> = [
        ".", "?", "!", "。", "۔", "؟", "।", "॥", "…", "‽", "།", "᠃", "։", "჻", "¶", "❧",
    ]

    /// Creates the method.
    /// - Parameter workers: 2...8.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``.
    public init(workers: Int = 2, layout: Layout = .combined, dialect: Dialect = .braid) throws(RunError) {
        guard (2...Self.names.count).contains(workers) else {
            throw .invalidOption(name: "workers", value: workers, allowed: 2...Self.names.count)
        }
        self.workers = workers
        self.layout = layout
        self.dialect = dialect
    }

    /// Only question and answer have tags.
    public var controlTags: Set<String> { dialect.sequentialTags }

    /// Workers see each other.
    public var groupsContexts: Bool { true }

    /// Lets the workers write until one has an answer or the budget is used up.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open(with: prompt(for: question), mayFork: false)
        let seeds = (0..<workers).map { greeting(of: $0) }
        let forbidden = dialect.forkingTags.subtracting(dialect.sequentialTags).union(["#", "</think>"])
        let group = try await run.group(
            main, seeds: seeds.map { TokenText([.text($0)]) }, view: view, endsLines: hasAnswerTags,
            forbidden: forbidden)
        var desk = Desk(seeds)
        while desk.answer == nil {
            let drawn = try await run.step(group)
            if drawn.isEmpty { break }
            for (worker, token) in drawn {
                desk.append(token, by: worker)
                if group.threads[worker].outcome == .finished || layout == .contiguous {
                    desk.answer = answer(in: desk.unfinished[worker].text) ?? desk.answer
                } else if endsStep(desk.unfinished[worker].text, with: token), group.threads[worker].outcome == nil {
                    desk.answer = answer(in: desk.unfinished[worker].text) ?? desk.answer
                    try await run.publish(worker, of: group)
                    let prefix = desk.finishStep(of: worker, named: Self.names[worker], check: Self.check)
                    desk.tokensSinceCheck += try await run.insert(TokenText([.text(prefix)]), into: worker, of: group)
                }
            }
        }
        if let answer = desk.answer ?? desk.texts.reversed().lazy.compactMap({ answer(in: $0) }).first {
            await run.close(group)
            return Answer(text: answer)
        }
        return try await conclude(desk, of: group, in: run)
    }

    /// Asks one line for the answer, in view of everything that was written.
    private func conclude(_ desk: Desk, of group: LiveGroup, in run: ReasoningRun) async throws -> Answer {
        var text = TokenText(desk.past + [.text(Self.othersHeader)])
        for step in desk.unfinished { text.pieces += step.pieces + [.text(Self.pivot + Self.separator)] }
        text.pieces.append(.text(Self.finisher + (hasAnswerTags ? "" : "\\boxed{")))
        let main = group.parent
        try await run.close(group, joinedAs: text)
        try await run.conclude(main, atMost: Self.finisherTokens)
        if hasAnswerTags { return run.answer(in: main) }
        return Answer(text: answer(in: "\\boxed{" + main.text), outcome: main.outcome ?? .finished)
    }

    // MARK: Words

    private var hasAnswerTags: Bool { if case .tagged = dialect.answer { true } else { false } }

    private var view: GroupView {
        switch layout {
        case .combined:
            .consecutive([
                .text(TokenText([.text(Self.othersHeader)])), .others,
                .text(TokenText([.text(Self.pivot + Self.ownHeader)])),
            ])
        case .contiguous: .consecutive([.others, .text(TokenText([.text(Self.split)]))])
        case .interleaved: .consecutive([.text(TokenText([.text(Self.ownHeader)]))])
        }
    }

    private func prompt(for question: Question) -> TokenText {
        let names = Self.names.prefix(workers).joined(separator: ", ")
        let seen =
            switch layout {
            case .combined:
                "Finished steps of everybody stand under '### Past steps'. Under '### Work in progress (others)' you see, as "
                    + "they are written, the steps that the others have not finished; each breaks off at \(Self.pivot). "
                    + "Your own step stands last."
            case .contiguous:
                "Everybody has a workspace. You see those of the others, as they are written, before your own."
            case .interleaved:
                "Finished steps of everybody stand under '### Past steps'; a step that somebody still writes is not seen "
                    + "by the others. Your own step stands last."
            }
        let rules = """
            \(workers) assistants solve one problem together: \(names). All write at the same time, and each is one of them.
            \(seen)
            Share the work: say who does what, do not repeat what another one has done or is doing, answer each other's \
            questions, correct each other's mistakes. Where plans differ, \(Self.names[0])'s counts. Whoever finds out that \
            the work is being done already stops at once and takes up something else.
            A step is a paragraph. Whoever knows the answer to the whole problem gives it, once\
            \(hasAnswerTags ? "" : ", as \\boxed{answer}").

            The problem:
            """
        return dialect.promptStart + TokenText([.text(rules + "\n" + question.text)]) + dialect.promptEnd
            + TokenText(layout == .contiguous ? [] : [.text(Self.pastHeader)])
    }

    private func greeting(of worker: Int) -> String {
        let name = Self.names[worker]
        let header = layout == .contiguous ? "\(Self.separator)# \(name) workspace\(Self.separator)" : ""
        return header + "**\(name) [1]:** Hi, I'm \(name)." + (worker == 0 ? " Here's how we can" : "")
    }

    /// Whether the token drawn last ends a step: it contains an empty line, and a sentence ended before it.
    private func endsStep(_ text: String, with token: DecodedToken) -> Bool {
        guard token.control == nil, token.text.contains(Self.separator) else { return false }
        guard let end = text.ranges(of: Self.separator).last?.lowerBound else { return false }
        return AnswerExtractor.trimmed(String(text[..<end])).last.map { Self.sentenceEnds.contains($0) } ?? false
    }

    private func answer(in text: String) -> String? {
        let found: String?
        switch dialect.answer {
        // A message ends a line in its dialect's own loop, which workers have not; the finisher asks for a box.
        case .boxed, .message: found = AnswerExtractor.boxed(in: text)
        case .tagged(let pair):
            let end = text.ranges(of: pair.close).last?.lowerBound
            let start = end.flatMap { text[..<$0].ranges(of: pair.open).last?.upperBound }
            found = start.flatMap { start in end.map { String(text[start..<$0]) } }
        }
        return found.map(AnswerExtractor.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension HogwildInference {
    /// What lies before all workers: a pure value.
    private struct Desk {
        /// A step as text and as it was tokenised.
        struct Step {
            var text: String
            var pieces: [TokenText.Piece]
        }

        /// Finished steps, in the order in which they ended.
        private(set) var past: [TokenText.Piece] = []
        private(set) var pastText = ""
        /// What each worker writes.
        private(set) var unfinished: [Step]
        private var numbers: [Int]
        var tokensSinceCheck = 0
        /// What was found last.
        var answer: String?

        init(_ seeds: [String]) {
            unfinished = seeds.map { Step(text: $0, pieces: [.text($0)]) }
            numbers = Array(repeating: 1, count: seeds.count)
        }

        /// Everything that was written, past steps first.
        var texts: [String] { [pastText] + unfinished.map(\.text) }

        mutating func append(_ token: DecodedToken, by worker: Int) {
            unfinished[worker].text += token.control ?? token.text
            if case .tokens(var ids) = unfinished[worker].pieces.last {
                unfinished[worker].pieces.removeLast()
                ids.append(token.id)
                unfinished[worker].pieces.append(.tokens(ids))
            } else {
                unfinished[worker].pieces.append(.tokens([token.id]))
            }
            tokensSinceCheck += 1
        }

        /// Moves a worker's step to the past.
        /// - Returns: what its next one begins with.
        mutating func finishStep(of worker: Int, named name: String, check: String) -> String {
            past += unfinished[worker].pieces
            pastText += unfinished[worker].text
            numbers[worker] += 1
            var prefix = "**\(name) [\(numbers[worker])]:** "
            // The token that ended the step is counted with what follows it.
            if tokensSinceCheck - 1 > HogwildInference.checkInterval {
                prefix += check
                tokensSinceCheck = 1
            }
            unfinished[worker] = Step(text: prefix, pieces: [.text(prefix)])
            return prefix
        }
    }
}
