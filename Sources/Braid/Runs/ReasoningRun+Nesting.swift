import Synchronization

extension ReasoningRun {
    /// Lets another method work on a task, in a run inside this one: a call on record, on this run's budget and deadline.
    /// - Parameters:
    ///   - depth: of the thread that the call is, 1 for one of the main line.
    ///   - after: everything whose text went into the task.
    /// - Throws: `CancellationError` when the run is stopped.
    public func delegate(
        _ task: Question, by method: any ReasoningMethod, label: String, after: [Completion], depth: Int = 1
    ) async throws -> Completion {
        try checkStop()
        let call = PromptedCall(label, Prompt([]), after: after)
        let place = place([call])[0]
        events.send(.threadStarted(thread: place.thread, outline: place.outline))
        var completion = Completion(call: place.number, thread: place.thread, text: "")
        let (answer, tokens) = await nested(task, by: method, as: place.thread, depth: depth)
        completion.text = answer.text ?? ""
        completion.tokenCount = tokens
        completion.outcome = answer.text == nil && answer.outcome == .finished ? .failed("no answer") : answer.outcome
        note(place.thread, completion.outcome, returned: answer.text)
        try checkStop()
        return completion
    }

    /// Lets another method do a thread's work; its answer is what the thread returns.
    func delegate(_ thread: LiveThread, _ outline: Outline, to method: any ReasoningMethod) async throws {
        let task = Question(AnswerExtractor.trimmed(outline.text))
        let (answer, _) = await nested(task, by: method, as: thread.id, depth: thread.depth)
        try checkStop()
        if let text = answer.text { thread.state.withLock { $0.handBack(text) } }
        end(thread, answer.text == nil && answer.outcome == .finished ? .failed("no answer") : answer.outcome)
    }

    /// Runs a method inside this run.
    /// - Returns: its answer, and the tokens that it took.
    private func nested(
        _ task: Question, by method: any ReasoningMethod, as path: String, depth: Int
    ) async -> (Answer, tokens: Int) {
        guard let reservation = state.withLock({ $0.ledger.reserve(depth: depth) }) else {
            return (Answer(text: nil, outcome: .tokenLimit), 0)
        }
        let clock = state.withLock { $0.clock }
        let run: ReasoningRun
        do {
            run = try ReasoningRun(
                Question(task.text, after: task.conversation.isEmpty ? question.conversation : task.conversation),
                by: method, on: engine, budget: try budget.part(reservation, depth: depth, at: clock.elapsed()),
                sampling: sampling, seed: ThreadSeed.derive(from: seed, path: path),
                controller: controller.below(depth), startClock: { clock.restarted() })
        } catch {
            state.withLock { $0.ledger.settle(reservation, tokens: 0, threads: 0, prefilled: 0) }
            return (Answer(text: nil, outcome: .failed("\(error)")), 0)
        }
        async let forwarded: Void = forward(run.events, from: path)
        let answer: Answer
        do {
            answer = try await run.answer().answer
        } catch {
            answer = Answer(text: nil, outcome: .failed("\(error)"))
        }
        await forwarded
        let trajectory = run.trajectory
        let metrics = TrajectoryMetrics(trajectory)
        state.withLock {
            $0.ledger.settle(
                reservation, tokens: metrics.totalTokens, threads: metrics.threads, prefilled: metrics.prefilledTokens)
        }
        recorder.graft(trajectory.root, as: path)
        for decision in trajectory.decisions { recorder.decide(decision.renamed(below: path)) }
        for _ in 0..<trajectory.malformedCount { recorder.malformed() }
        return (answer, metrics.totalTokens)
    }

    /// Tells what happens in a run inside this one as what happens in one of its threads.
    private func forward(_ inner: ReasoningEvents, from path: String) async {
        func renamed(_ id: String) -> String { path + id.dropFirst(TrajectoryRecorder.root.count) }
        for await event in inner {
            switch event {
            case .runStarted, .answered: break
            case .prefilled(let id, let tokens): events.send(.prefilled(thread: renamed(id), tokens: tokens))
            case .threadStarted(let id, let outline): events.send(.threadStarted(thread: renamed(id), outline: outline))
            case .token(let id, let token, _): events.send(.token(thread: renamed(id), token: token))
            case .forked(let id, let outlines, let children):
                events.send(.forked(thread: renamed(id), outlines: outlines, into: children.map(renamed)))
            case .threadFinished(let id, let outcome, let returned):
                // How the inner main line ended is for its thread to say.
                guard id != TrajectoryRecorder.root else { break }
                events.send(.threadFinished(thread: renamed(id), outcome: outcome, returned: returned))
            case .joined(let id, let threads, let tokens):
                events.send(.joined(thread: renamed(id), threads: threads.map(renamed), tokens: tokens))
            case .budgetCut(let id, let outcome): events.send(.budgetCut(thread: renamed(id), outcome: outcome))
            case .decided(let decision): events.send(.decided(decision.renamed(below: path)))
            case .malformed(let id, let what): events.send(.malformed(thread: renamed(id), what: what))
            case .tokensDropped(let count): events.send(.tokensDropped(count: count))
            }
        }
    }
}

extension ControllerDecision {
    /// The same decision, of a run that is a thread of another.
    fileprivate func renamed(below path: String) -> ControllerDecision {
        var decision = self
        decision.thread = path + thread.dropFirst(TrajectoryRecorder.root.count)
        return decision
    }
}

extension ControllerPolicy {
    /// The policy of a run that does the work of a thread of this depth.
    fileprivate func below(_ depth: Int) -> ControllerPolicy {
        var policy = self
        policy.methods = [:]
        for (other, method) in methods where other > depth { policy.methods[other - depth] = method }
        return policy
    }
}

extension Budget {
    /// What of a budget was set aside for the work of a thread of this depth.
    fileprivate func part(
        _ reservation: BudgetReservation, depth: Int, at elapsed: Duration
    ) throws(BudgetError) -> Budget {
        try Budget(
            maximumThreads: max(1, reservation.threads),
            maximumDepth: reservation.threads > 0 ? max(0, maximumDepth - depth) : 0,
            tokensPerThread: min(tokensPerThread, reservation.tokens), totalTokens: reservation.tokens,
            deadline: deadline.map { max(.nanoseconds(1), $0 - elapsed) }, threadTimeout: threadTimeout)
    }
}
