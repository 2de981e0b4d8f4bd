import Synchronization

extension ReasoningRun {
    /// Whether a line may decode another token.
    func hasTokens(for thread: LiveThread) -> Bool {
        let decoded = thread.state.withLock { $0.decodedCount }
        return state.withLock {
            $0.ledger.decodableTokens(decoded: decoded, depth: thread.depth, line: thread.line) > 0
        }
    }

    /// What a line's next decode call may do; nil when its budget is used up.
    /// - Parameter pause: tokens after which the controller looks at the line again; nil for never.
    func decodingOptions(for thread: LiveThread, mayFork: Bool, atMost pause: Int? = nil) -> DecodingOptions? {
        let (decoded, start, thinking) = thread.state.withLock {
            // Only a line that is steered may have paused inside a structure.
            ($0.decodedCount, controller.steersLines ? $0.resumption : $0.start, $0.thinking)
        }
        let attempt = thread.steering.withLock { $0.attempt }
        let (tokens, outlines) = state.withLock {
            (
                $0.ledger.decodableTokens(decoded: decoded, depth: thread.depth, line: thread.line),
                mayFork ? $0.ledger.forkableThreads(depth: thread.depth) : 0
            )
        }
        guard tokens > 0 else { return nil }
        let grammar = start.map {
            ControlGrammar(
                dialect, line: thread.line, start: $0,
                maximumOutlines: tokens < dialect.minimumForkTokens ? 0 : outlines, thinking: thinking,
                label: thread.outline?.label ?? "")
        }
        return DecodingOptions(
            sampling: controller.retry?.sampling(sampling, attempt: attempt) ?? sampling,
            seed: ThreadSeed.derive(from: seed, path: thread.id), stops: stops(of: thread, mayFork: mayFork),
            maximumTokens: pause.map { min(tokens, max(1, $0)) } ?? tokens,
            grammar: engineDescription.masksTokens ? grammar : nil)
    }

    /// Reads one decode call to its end; the budget is charged token by token.
    func read(_ tokens: DecodedTokens, stops: Set<String>, into thread: LiveThread) async throws -> StopReason {
        var start = seconds
        for try await event in tokens {
            switch event {
            case .stop(let reason): return reason
            case .token(let token):
                let end = seconds
                let (left, opensJoin) = take(token, into: thread, start: start, end: end)
                start = end
                try checkStop()
                if opensJoin { return .control(dialect.messages?.joined.open ?? "") }
                let isStop = token.control.map { stops.contains($0) } ?? false
                if left == 0, !isStop { return .tokenLimit }
            }
        }
        try checkStop()
        throw EngineError.failed("its token stream ended without saying why")
    }

    /// Cuts a line and tells why.
    func cut(_ thread: LiveThread, _ outcome: ThreadOutcome) {
        events.send(.budgetCut(thread: thread.id, outcome: outcome))
        end(thread, outcome)
    }

    /// Notes how a line ended; the first note counts.
    func end(_ thread: LiveThread, _ outcome: ThreadOutcome) {
        let isFirst = thread.state.withLock { state in
            guard state.outcome == nil else { return false }
            state.outcome = outcome
            return true
        }
        guard isFirst else { return }
        let returned = thread.returned
        recorder.finish(thread.id, outcome: outcome, returned: returned)
        events.send(.threadFinished(thread: thread.id, outcome: outcome, returned: returned))
    }

    /// Whether a line has enough tokens left to fork.
    func hasTokensToFork(_ thread: LiveThread) -> Bool {
        guard dialect.minimumForkTokens > 0 else { return true }
        let decoded = thread.state.withLock { $0.decodedCount }
        return state.withLock {
            $0.ledger.decodableTokens(decoded: decoded, depth: thread.depth, line: thread.line)
                >= dialect.minimumForkTokens
        }
    }

    func stops(of thread: LiveThread, mayFork: Bool) -> Set<String> {
        var stops = dialect.ends
        if thread.line == .thread, let tags = dialect.threadTags(label: thread.outline?.label ?? "") {
            stops.insert(tags.close)
        }
        if mayFork, let tag = dialect.forkTag { stops.insert(tag) }
        return stops
    }

    /// Takes a token into books, record, structure and events, and says how many more the line may decode, and whether the
    /// model began to write what only a join may.
    func take(
        _ token: DecodedToken, into thread: LiveThread, start: Double, end: Double
    ) -> (left: Int, opensJoin: Bool) {
        let byID = engineDescription.tier == .tokens
        let (found, decoded, written) = thread.state.withLock { state in
            (state.take(token, byID: byID), state.decodedCount, state.newlyWritten)
        }
        let answer = answersOnMainLine && thread.id == TrajectoryRecorder.root ? written : nil
        if let rule = controller.health { thread.steering.withLock { $0.take(token.id, for: rule) } }
        if found.contains(.blockOpened) { recorder.endSegment(of: thread.id) }
        recorder.append(token, to: thread.id, start: start, end: end)
        events.send(.token(thread: thread.id, token: token, answer: answer))
        for case .malformed(let what) in found {
            recorder.malformed()
            events.send(.malformed(thread: thread.id, what: what))
        }
        let left = state.withLock {
            $0.ledger.decodedToken()
            return $0.ledger.decodableTokens(decoded: decoded, depth: thread.depth, line: thread.line)
        }
        return (left, found.contains(.joinOpened))
    }
}
