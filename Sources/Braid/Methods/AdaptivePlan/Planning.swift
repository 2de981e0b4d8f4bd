/// Comes to a plan, or to the insight that there should be none.
final class Planning {
    private let method: AdaptivePlan
    private let question: Question
    private let run: ReasoningRun
    private let limit: Int
    private let subtask: Int?
    private let sources: [Completion]
    /// What was asked so far.
    private(set) var calls: [Completion] = []

    /// Plans how a question is answered.
    init(method: AdaptivePlan, question: Question, run: ReasoningRun) {
        self.method = method
        self.question = question
        self.run = run
        limit = run.availableThreads
        subtask = nil
        sources = []
    }

    /// Plans how a subtask that turned out too long is worked out in smaller ones.
    /// - Parameters:
    ///   - task: what it has to do, with the results that it builds on.
    ///   - limit: most smaller ones.
    ///   - sources: what was asked before, and led to this.
    init(method: AdaptivePlan, subtask: Int, task: Question, limit: Int, run: ReasoningRun, after sources: [Completion])
    {
        self.method = method
        self.subtask = subtask
        self.question = task
        self.limit = limit
        self.run = run
        self.sources = sources
    }

    /// A usable plan of at least two subtasks; nil when the question is to be answered in sequence.
    func plan() async throws -> Plan? {
        if subtask == nil, try await !isDecomposable() { return nil }
        guard var plan = try await written() else { return nil }
        if let review = method.review {
            switch try await review.plan(plan) {
            case .approved: break
            case .edited(let other):
                decide(.review, "a person changed the plan")
                do {
                    plan = try repaired(other)
                } catch {
                    decide(.refusePlan, "the changed plan: \(error)")
                    return nil
                }
            case .refused(let why):
                decide(.review, "a person refused the plan: \(why)")
                return nil
            }
        }
        guard plan.subtasks.count > 1 else {
            decide(.fallBack, "the plan has one subtask only")
            return nil
        }
        return plan
    }

    private func isDecomposable() async throws -> Bool {
        switch Decomposability.judge(question) {
        case .yes: return true
        case .no(let why):
            run.decide(.fallBack, "the question need not be split: \(why)")
            return false
        case .unsure: break
        }
        guard let template = method.prompts.decomposable else { return true }
        let prompt = template.prompt(["question": question.text])
        guard let reply = try await ask("decomposable", prompt, maximumTokens: 16) else { return false }
        let isYes = reply.lowercased().drop { !$0.isLetter }.hasPrefix("yes")
        if !isYes { run.decide(.fallBack, "the model sees no independent parts") }
        return isYes
    }

    /// A plan, asked for again once when the first cannot be used.
    private func written() async throws -> Plan? {
        var values = [
            "question": question.text, "width": String(run.availableWidth), "examples": examples,
        ]
        let label = subtask.map { "plan of \($0)" } ?? "plan"
        let form = method.prompts.form == .json ? Plan.replyForm : nil
        guard let first = try await ask(label, method.prompts.plan.prompt(values), form: form) else { return nil }
        do {
            return try repaired(try PlanReader.read(first))
        } catch {
            decide(.refusePlan, error.description)
            values["objection"] = error.description
        }
        guard let second = try await ask(label, method.prompts.replan.prompt(values), form: form) else { return nil }
        do {
            return try repaired(try PlanReader.read(second))
        } catch {
            decide(.refusePlan, error.description)
            decide(.fallBack, "there is no usable plan")
            return nil
        }
    }

    private func repaired(_ plan: Plan) throws(PlanError) -> Plan {
        let repair = try PlanRepair(plan, limit: limit)
        if !repair.changes.isEmpty { decide(.repairPlan, repair.changes.joined(separator: "; ")) }
        return repair.plan
    }

    private var examples: String {
        method.examples.map { example in
            let plan = method.prompts.form == .lines ? example.plan.lines : example.plan.json
            return method.prompts.example.text(["question": example.question, "plan": plan])
        }.joined()
    }

    /// The reply to a question about planning; nil when it was cut or failed.
    private func ask(
        _ label: String, _ prompt: Prompt, maximumTokens: Int? = nil, form: ReplyForm? = nil
    ) async throws -> String? {
        let call = PromptedCall(label, prompt, after: sources + calls, maximumTokens: maximumTokens, form: form)
        guard let completion = try await run.ask(call, on: method.planner).first else { return nil }
        calls.append(completion)
        guard completion.outcome == .finished else {
            decide(.fallBack, "planning ended early: \(completion.outcome)")
            return nil
        }
        return completion.text
    }

    private func decide(_ action: ControllerDecision.Action, _ reason: String) {
        run.decide(action, subtask.map { "subtask \($0): \(reason)" } ?? reason)
    }
}
