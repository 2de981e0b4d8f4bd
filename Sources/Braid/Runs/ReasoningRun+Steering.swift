import Synchronization

extension ReasoningRun {
    /// Writes down and tells what the controller did.
    func decide(_ action: ControllerDecision.Action, _ thread: String, _ reason: String) {
        let decision = ControllerDecision(thread: thread, action: action, reason: reason, seconds: seconds)
        recorder.decide(decision)
        events.send(.decided(decision))
    }

    /// Looks at a line before it decodes on, and does what its rules want.
    /// - Returns: tokens after which to look again; nil for never.
    func steer(_ thread: LiveThread) async throws -> Int? {
        guard controller.steersLines, let context = thread.context else { return nil }
        let limit = engineDescription.contextLength
        while true {
            let facts = facts(of: thread, contextTokens: await context.tokenCount)
            let share = state.withLock { $0.windowShare }
            let steering = thread.steering.withLock { $0 }
            switch steering.action(facts, controller, budget: budget, contextLength: limit, windowShare: share) {
            case .goOn:
                return steering.tokensToPause(
                    facts, controller, budget: budget, contextLength: limit, windowShare: share)
            case .distil(let why): try await distil(thread, because: why)
            case .split(let why):
                thread.steering.withLock { $0.split() }
                guard let open = dialect.parallel?.open else { break }
                decide(.split, thread.id, why)
                try await insert(open, into: thread)
            case .probe: try await probe(thread)
            }
        }
    }

    /// Runs a thread's body, and cancels it when the time that a thread has is over.
    func withinThreadTimeout(
        of thread: String, _ body: @escaping @Sendable () async -> Void, onTimeout: @escaping @Sendable () -> Void
    ) async {
        guard let timeout = budget.threadTimeout else { return await body() }
        let clock = state.withLock { $0.clock }
        let end = clock.elapsed() + timeout
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask {
                do {
                    try await clock.sleep(end)
                } catch {
                    // The body ended first.
                    return
                }
                onTimeout()
                self.decide(.timeOut, thread, "it took longer than the \(timeout) that a thread may take")
            }
            // Whichever ends first ends the other.
            await group.next()
            group.cancelAll()
        }
    }

    private func facts(of thread: LiveThread, contextTokens: Int) -> LineSteering.Facts {
        let (decoded, isFree) = thread.state.withLock { ($0.decodedCount, $0.isInFreeText) }
        let forkable = state.withLock { $0.ledger.forkableThreads(depth: thread.depth) }
        return LineSteering.Facts(
            decodedTokens: decoded, contextTokens: contextTokens,
            canReturn: isFree && thread.line == .thread && dialect.returns != nil,
            canFork: isFree && thread.mayFork && forkable > 0 && dialect.parallel != nil)
    }

    /// Makes a thread write its return now.
    private func distil(_ thread: LiveThread, because reason: String) async throws {
        guard let open = dialect.returns?.open else { return }
        decide(.distil, thread.id, reason)
        thread.steering.withLock { $0.distilled() }
        try await insert(open, into: thread)
    }

    /// Puts a tag into a line, as if the model had written it.
    private func insert(_ tag: String, into thread: LiveThread) async throws {
        guard let context = thread.context else { return }
        let start = seconds
        let text = TokenText([.control(tag)])
        let count = try await context.extend(text)
        let found = thread.state.withLock { $0.insert(tag) }
        recordPrefill(.inserted, text, tokens: count, in: thread, since: start)
        for case .malformed(let what) in found {
            recorder.malformed()
            events.send(.malformed(thread: thread.id, what: what))
        }
    }

    /// Scores the health probe after a line's context, which it leaves as it is.
    private func probe(_ thread: LiveThread) async throws {
        guard let rule = controller.health, let context = thread.context else { return }
        let (decoded, isFree) = thread.state.withLock { ($0.decodedCount, $0.isInFreeText) }
        let score: Double?
        do {
            score = ContextHealth.perplexity(try await context.score(TokenText([.text(rule.probe)])))
        } catch let error as EngineError {
            // An engine that cannot score, or has no room left for it, leaves the thread as it is.
            if case .failed = error { throw error }
            score = nil
        }
        guard let score else {
            thread.steering.withLock { $0.notProbed(decodedTokens: decoded) }
            return
        }
        let health = thread.steering.withLock { $0.probed(score, decodedTokens: decoded, for: rule) }
        guard let health, let why = rule.reasonToAct(on: health) else { return }
        thread.steering.withLock { $0.actedOnHealth(health) }
        let width = state.withLock { min($0.width, budget.maximumThreads) }
        let canDistil = isFree && thread.line == .thread && dialect.returns != nil
        for action in rule.actions(canDistil: canDistil, width: width) {
            switch action {
            case .distil: try await distil(thread, because: why)
            case .narrow:
                state.withLock { $0.width = max(1, width / 2) }
                decide(.narrow, thread.id, "\(why); at most \(max(1, width / 2)) threads of a fork run at a time")
            case .summariseSooner:
                let share = state.withLock { state in
                    state.windowShare = max(0.25, state.windowShare / 2)
                    return state.windowShare
                }
                decide(
                    .summariseSooner, thread.id,
                    "\(why); threads may fill \(Int(share * 100)) % of what they might before")
            }
        }
    }
}
