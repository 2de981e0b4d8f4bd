/// Works on a plan and writes the answer from its results.
struct PlanExecution {
    let method: AdaptivePlan
    let question: Question
    let run: ReasoningRun
    private let plan: Plan
    private(set) var schedule: PlanSchedule
    private(set) var results: [Int: SubtaskResult] = [:]
    private var attempts: [Int: Int] = [:]
    private var objectionsByID: [Int: String] = [:]
    /// How deep smaller subtasks are, those of the question's plan being 1.
    private var depths: [Int: Int] = [:]
    /// Subtasks that are not split, or not again.
    private var unsplittable: Set<Int> = []
    /// What led to smaller subtasks.
    private var origins: [Int: [Completion]] = [:]
    private var planning: [Completion] = []
    /// What the last synthesis asked.
    var synthesis: [Completion] = []
    /// Results as a person edited them, in the order of the synthesis; nil for as they are.
    var editedResults: [String]?

    /// Characters of a result that is distilled when it is longer.
    private static let longResult = 600

    init(method: AdaptivePlan, question: Question, run: ReasoningRun, plan: Plan) {
        self.method = method
        self.question = question
        self.run = run
        self.plan = plan
        schedule = PlanSchedule(plan)
    }

    /// Whether any subtask came to a result.
    var hasResults: Bool { results.values.contains(where: \.isUsable) }

    /// Everything that was asked so far.
    var calls: [Completion] {
        planning + results.values.compactMap(\.completion).sorted { $0.call < $1.call } + synthesis
    }

    // MARK: Work

    /// Works on all subtasks.
    mutating func perform(after calls: [Completion]) async throws {
        planning = calls
        try await work()
    }

    /// Works again on subtasks that something is wrong with, and on those that build on them.
    /// - Parameter objections: what is wrong, by the subtask's id.
    mutating func perform(again objections: [Int: String]) async throws {
        objectionsByID = objections
        let all = schedule.dependents(of: Set(objections.keys))
        for id in all.sorted() {
            let why = objections[id] ?? "a result that it builds on is worked out again"
            run.decide(.retry, "subtask \(id): \(why)")
            schedule.again(id)
            results[id] = nil
        }
        editedResults = nil
        try await work()
    }

    /// What one thread came to.
    private struct Done: Sendable {
        var subtask: Subtask
        var completion: Completion?
        var cached: SubproblemResult?
        var key: SubproblemKey
        /// What became of a subtask that was too long.
        var split: Split?
    }

    /// How a subtask that was too long goes on.
    private struct Split: Sendable {
        /// Why it was too long.
        var reason: String
        /// In smaller ones; nil where there is no plan for it.
        var plan: Plan?
        /// Everything that led to it.
        var calls: [Completion]
    }

    private mutating func work() async throws {
        let width = min(plan.width ?? Int.max, run.availableWidth)
        let began = run.elapsed
        try await withThrowingTaskGroup(of: Done?.self) { group in
            if case .deadline(let limit) = run.controller.join {
                let run = run
                group.addTask {
                    do {
                        try await run.wait(until: began + limit)
                    } catch {
                        // The subtasks ended first.
                    }
                    return nil
                }
            }
            while !schedule.isDone {
                for subtask in schedule.ready(width: width) { start(subtask, in: &group) }
                guard let next = try await group.next() else { break }
                if let done = next { take(done) }
                if let why = reasonToJoin(elapsed: run.elapsed - began) {
                    run.decide(.join, why)
                    for subtask in schedule.subtasks where results[subtask.id] == nil {
                        run.decide(.cancel, "subtask \(subtask.id): \(why)")
                        results[subtask.id] = SubtaskResult(
                            id: subtask.id, text: "", objection: nil, completion: nil, isUsable: false)
                        schedule.ended(subtask.id)
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func start(_ subtask: Subtask, in group: inout ThrowingTaskGroup<Done?, any Error>) {
        let known = subtask.after.sorted().compactMap { results[$0] }
        let shown = known.map { result in
            method.prompts.result.text(["id": String(result.id), "result": result.shown(method.prompts)])
        }
        let objection = objectionsByID[subtask.id].map { method.prompts.objection.text(["objection": $0]) }
        let values = [
            "question": question.text, "instructions": method.instructionLine, "id": String(subtask.id),
            "task": subtask.task, "results": shown.joined(), "objections": objection ?? "",
        ]
        let attempt = attempts[subtask.id, default: 1]
        let sampling = run.controller.retry?.sampling(run.sampling, attempt: attempt) ?? run.sampling
        let key = SubproblemKey(
            tenant: run.controller.tenant, subtask: subtask.task,
            facts: [question.text, method.instructions, method.prompts.name] + shown + [objection ?? ""]
                + question.conversation.map { "\($0.role.rawValue): \($0.text)" },
            model: run.modelName, sampling: sampling, seed: run.seed)
        if let cached = run.controller.cache?.result(for: key) {
            group.addTask { Done(subtask: subtask, completion: nil, cached: cached, key: key) }
            return
        }
        let sources = planning + origins[subtask.id, default: []] + known.compactMap(\.completion)
        let other = run.controller.methods[1]
        let split = other == nil ? splitRoom(of: subtask.id) : nil
        var call = PromptedCall(
            "subtask \(subtask.id)", method.prompts.subtask.prompt(values), after: sources,
            maximumTokens: split?.tokens ?? run.budget.tokensPerThread)
        call.sampling = sampling
        let asked = call
        let task = Question(
            AnswerExtractor.trimmed(([subtask.task] + shown + [objection ?? ""]).joined(separator: "\n")))
        group.addTask { [method, run] in
            let completion =
                if let other {
                    try await run.delegate(task, by: other, label: asked.label, after: sources)
                } else {
                    try await run.ask(asked).first
                }
            if let split, let completion, let why = Self.reasonToSplit(completion, in: run) {
                let planning = Planning(
                    method: method, subtask: subtask.id, task: task, limit: split.threads, run: run,
                    after: [completion])
                let plan = try await planning.plan()
                return Done(
                    subtask: subtask, completion: completion, cached: nil, key: key,
                    split: Split(reason: why, plan: plan, calls: [completion] + planning.calls))
            }
            return Done(
                subtask: subtask, completion: try await Self.distilled(completion, method.prompts, in: run),
                cached: nil, key: key)
        }
    }

    // MARK: Splitting

    /// Tokens after which a subtask is too long, and how many smaller ones it may become; nil where it is not split.
    private func splitRoom(of id: Int) -> (tokens: Int, threads: Int)? {
        let threads = run.availableThreads - schedule.subtasks.count
        guard let rule = run.controller.split, !unsplittable.contains(id), threads > 1,
            depths[id, default: 1] < run.budget.maximumDepth
        else { return nil }
        return (max(1, rule.room(decodedTokens: 0, tokensPerThread: run.budget.tokensPerThread)), threads)
    }

    /// Why a reply is too long; nil when it is not.
    private static func reasonToSplit(_ completion: Completion, in run: ReasoningRun) -> String? {
        if completion.outcome == .contextFull { return "its context is full" }
        guard completion.ending == .maximumTokens else { return nil }
        return run.controller.split?.reasonToSplit(
            decodedTokens: completion.tokenCount, tokensPerThread: run.budget.tokensPerThread)
    }

    /// Lets a subtask that was too long go on in smaller ones, or, where there is no plan for it, with all the tokens that a
    /// thread may have.
    private mutating func goOn(_ id: Int, _ split: Split) {
        unsplittable.insert(id)
        // Others may have been split or opened since, so that there is no room any more.
        let room = run.availableThreads - schedule.subtasks.count
        guard let plan = split.plan, plan.subtasks.count <= room else {
            run.decide(.split, "subtask \(id): \(split.reason); it runs again as one, with all tokens of a thread")
            schedule.again(id)
            return
        }
        let smaller = schedule.split(id, into: plan.subtasks)
        let numbers = smaller.map { String($0.id) }.joined(separator: ", ")
        run.decide(.split, "subtask \(id): \(split.reason); it goes on as subtasks \(numbers)")
        for subtask in smaller {
            depths[subtask.id] = depths[id, default: 1] + 1
            origins[subtask.id] = origins[id, default: []] + split.calls
        }
    }

    // MARK: Results

    /// A long result in fewer words; as it is when that fails.
    private static func distilled(
        _ completion: Completion?, _ prompts: PlanPrompts, in run: ReasoningRun
    ) async throws -> Completion? {
        guard let completion, completion.outcome == .finished, let template = prompts.distil else { return completion }
        let result = SubtaskReply(completion.text).result
        guard result.count > longResult else { return completion }
        run.decide(.distil, "a result of \(result.count) characters is longer than \(longResult)")
        let call = PromptedCall("distil", template.prompt(["result": result]), after: [completion])
        guard let short = try await run.ask(call).first, short.outcome == .finished, !short.trimmed.isEmpty else {
            return completion
        }
        return short
    }

    /// Decides what a thread's reply means for the plan.
    private mutating func take(_ done: Done) {
        let id = done.subtask.id
        // A subtask that was joined without, or that runs again, has no use for it.
        guard results[id] == nil else { return }
        if let cached = done.cached {
            run.decide(
                .reuse, "subtask \(id) was worked out before, in thread \(cached.thread) of “\(cached.question)”")
            finish(id, text: cached.text, objection: nil, completion: nil)
            return
        }
        guard let completion = done.completion else {
            fail(id, completion: nil)
            return
        }
        if let split = done.split {
            goOn(id, split)
            return
        }
        guard completion.outcome == .finished else {
            if !retried(id, completion.outcome, objection: nil) { fail(id, completion: completion) }
            return
        }
        let reply = SubtaskReply(completion.text)
        if let other = reply.needs, schedule.wait(id, for: other) {
            run.decide(.wait, "subtask \(id) needs the result of \(other)")
            return
        }
        spawn(from: completion.text)
        guard !reply.result.isEmpty else {
            if !retried(id, .malformed("the reply is empty"), objection: nil) { fail(id, completion: completion) }
            return
        }
        let claim = ReturnClaim(reply.result, subtask: done.subtask.task)
        let verdict = run.verdict(on: claim)
        if case .refuted(let why) = verdict {
            run.decide(.refute, "subtask \(id): \(why)")
            if retried(id, .finished, objection: why) { return }
            finish(id, text: reply.result, objection: why, completion: completion)
            return
        }
        run.controller.cache?.keep(
            SubproblemResult(
                text: reply.result, question: question.text, thread: completion.thread,
                tokens: completion.tokenCount, isVerified: verdict == .verified), for: done.key)
        finish(id, text: reply.result, objection: nil, completion: completion)
    }

    private mutating func finish(_ id: Int, text: String, objection: String?, completion: Completion?) {
        results[id] = SubtaskResult(
            id: id, text: text, objection: objection, completion: completion, isUsable: true)
        schedule.ended(id)
        let done = schedule.subtasks.compactMap { results[$0.id] }.filter(\.isUsable)
        // Should the run be stopped now, this is what there is.
        run.settle(for: done.map { "\($0.id): \($0.shown(method.prompts))" }.joined(separator: "\n"))
    }

    private mutating func fail(_ id: Int, completion: Completion?) {
        results[id] = SubtaskResult(id: id, text: "", objection: nil, completion: completion, isUsable: false)
        schedule.ended(id)
    }

    /// Lets a subtask run again where the rule says so.
    private mutating func retried(_ id: Int, _ outcome: ThreadOutcome, objection: String?) -> Bool {
        let attempt = attempts[id, default: 1]
        guard
            let why = run.controller.retry?.reasonToRetry(outcome: outcome, objection: objection, attempt: attempt)
        else { return false }
        attempts[id] = attempt + 1
        if let objection { objectionsByID[id] = objection }
        run.decide(.retry, "subtask \(id): \(why)")
        schedule.again(id)
        return true
    }

    private mutating func spawn(from reply: String) {
        guard let rule = run.controller.spawn else { return }
        let room = run.availableThreads - schedule.subtasks.count
        for task in rule.subtasks(in: reply, known: schedule.subtasks.map(\.task), room: room) {
            let subtask = schedule.spawn(task)
            run.decide(.spawn, "subtask \(subtask.id), which no other covers: \(task)")
        }
    }

    private func reasonToJoin(elapsed: Duration) -> String? {
        let statuses = schedule.subtasks.map { subtask -> JoinPolicy.Status in
            guard let result = results[subtask.id] else { return .open }
            if !result.isUsable || result.objection != nil { return .failed }
            let claim = ReturnClaim(result.text, subtask: subtask.task)
            return run.verdict(on: claim) == .verified ? .verified : .returned
        }
        return run.controller.join.reasonToJoin(statuses, elapsed: elapsed)
    }
}
