/// The answer from the results: a person may look at them first, and afterwards it is said what is wrong with them.
extension PlanExecution {
    /// Characters that one token is assumed to have at least, when prompts are fitted into a context.
    private static let charactersPerToken = 2

    /// Results in the order in which they are shown, each with its id.
    private var ordered: [SubtaskResult] {
        let all = schedule.subtasks.compactMap { results[$0.id] }
        let needed = Set(schedule.subtasks.flatMap(\.after))
        let order = Relevance.order(
            all.map(\.text), isFinal: all.map { !needed.contains($0.id) }, for: question.text)
        return order.map { all[$0] }
    }

    /// Shows the results to a person, where one looks.
    mutating func isRefusedByReviewer() async throws -> Bool {
        guard let review = method.review else { return false }
        let shown = ordered.map { $0.shown(method.prompts) }
        switch try await review.results(shown) {
        case .approved: return false
        case .edited(let other):
            run.decide(.review, "a person changed the results")
            editedResults = other
            return false
        case .refused(let why):
            run.decide(.review, "a person refused the results: \(why)")
            return true
        }
    }

    /// Writes the answer from the results, in fewer and fewer words until they fit the context.
    mutating func synthesise() async throws -> Answer {
        let share = run.controller.window?.share ?? 0.8
        var room = max(64, Int(Double(run.contextLength) * share) * Self.charactersPerToken)
        while true {
            let prompt = method.prompts.synthesis.prompt([
                "question": question.text, "instructions": method.instructionLine, "objections": "",
                "results": shownResults(room: room),
            ])
            let call = PromptedCall("synthesis", prompt, after: calls, answers: true)
            guard let completion = try await run.ask(call).first else { return Answer(text: nil) }
            synthesis.append(completion)
            if completion.outcome == .contextFull, room > 64 {
                run.decide(.distil, "the results do not fit the context; they are trimmed to \(room / 2) characters")
                room /= 2
                continue
            }
            let text = SubtaskReply(completion.text).result
            return Answer(text: text.isEmpty ? nil : text, outcome: completion.outcome)
        }
    }

    private func shownResults(room: Int) -> String {
        let ordered = ordered
        let texts = editedResults ?? ordered.map { $0.shown(method.prompts) }
        let each = max(16, room / max(1, texts.count))
        return texts.enumerated().map { place, text in
            let id = place < ordered.count ? ordered[place].id : place + 1
            return method.prompts.result.text([
                "id": String(id), "result": Relevance.trimmed(text, to: each),
            ])
        }.joined()
    }

    /// What is wrong with the results, now that there is an answer: by the id of the subtask concerned.
    mutating func objections(to answer: String) async throws -> [Int: String] {
        let all = schedule.subtasks.compactMap { results[$0.id] }.filter(\.isUsable)
        var found: [Int: String] = [:]
        for contradiction in ConsistencyCheck.contradictions(in: all.map(\.text)) {
            for place in contradiction.results { found[all[place].id] = contradiction.objection }
        }
        for result in all { if let objection = result.objection { found[result.id] = objection } }
        if found.isEmpty, let template = method.prompts.validation {
            let prompt = template.prompt([
                "question": question.text, "results": shownResults(room: Int.max), "result": answer,
            ])
            let call = PromptedCall("validation", prompt, after: calls, maximumTokens: 256)
            guard let completion = try await run.ask(call).first, completion.outcome == .finished else { return [:] }
            synthesis.append(completion)
            found = Self.objections(in: completion.text, known: Set(all.map(\.id)))
        }
        return found
    }

    /// Objections in a reply, by the number that each line begins with; none in one that begins with `ok`.
    private static func objections(in reply: String, known: Set<Int>) -> [Int: String] {
        var found: [Int: String] = [:]
        for line in reply.split(whereSeparator: \.isNewline) {
            guard let outline = OutlineHeader(suffix: ":").outline(String(line)), known.contains(outline.number) else {
                continue
            }
            let objection = AnswerExtractor.trimmed(outline.text)
            if !objection.isEmpty, objection.lowercased() != "ok" { found[outline.number] = objection }
        }
        return found
    }
}
