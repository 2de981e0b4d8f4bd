import Synchronization

extension ReasoningRun {
    /// What wakes the line that waits for its threads.
    private enum Awaited: Sendable {
        case ended(Int)
        case warmed
        case timeIsOver
    }

    /// What a fork's driver keeps.
    private struct Waiting {
        var threads: [LiveThread]
        var spares: SpareContexts
        var schedule: DependencySchedule
        var hasEnded: [Bool]
        /// First attempts of threads that were run again.
        var replaced: [LiveThread] = []
        var isJoining = false
        /// Threads whose text was prefilled ahead of the join, and whether that is going on now.
        var warmedCount = 0
        var isWarming = false
    }

    /// Forks a line into one thread for each outline and runs them at the same time, each in a child task.
    ///
    /// A thread starts when those it comes after have ended. A thread that the budget does not let start, that is cut, or
    /// that throws has that as its outcome; the others go on. ``ControllerPolicy`` says when those that are still open are
    /// not waited for, which are run again, and which do the same work.
    /// - Parameters:
    ///   - enough: how many threads must have ended before the others are cancelled; nil for all of them, or for what the
    ///     controller's join policy says.
    ///   - embedsNumbers: whether threads are told apart by ``EngineContext/forkNumbered(_:)``, on engines whose model has
    ///     an embedding for each; such threads are not run again.
    /// - Returns: the threads in outline order, all of them ended; of a thread that was run again the last attempt.
    /// - Throws: what the engine throws at the fork itself, and `CancellationError`.
    public func fork(
        _ parent: LiveThread, into outlines: [Outline], until enough: Int? = nil, embedsNumbers: Bool = false,
        each body: @escaping @Sendable (LiveThread) async throws -> Void
    ) async throws -> [LiveThread] {
        try await extend(parent, by: dialect.forkText)
        let split = try await split(
            parent, outlines: outlines, line: .thread, retries: controller.retry?.retries ?? 0,
            embedsNumbers: embedsNumbers)
        var waiting = Waiting(
            threads: split.threads, spares: split.spares,
            schedule: DependencySchedule(outlines, repeated: controller.merge?.repeated(in: outlines) ?? []),
            hasEnded: Array(repeating: false, count: outlines.count))
        let clock = state.withLock { $0.clock }
        let began = clock.elapsed()
        await withTaskGroup(of: Awaited.self) { group in
            if case .deadline(let limit) = controller.join {
                group.addTask {
                    do {
                        try await clock.sleep(began + limit)
                    } catch {
                        // The threads ended first.
                    }
                    return .timeIsOver
                }
            }
            while true {
                let width = state.withLock { $0.width }
                for index in waiting.schedule.ready(width: width) {
                    start(index, of: waiting, outlines[index], from: parent, in: &group, body)
                }
                warmUp(&waiting, into: parent, in: &group)
                guard let awaited = await group.next() else { break }
                switch awaited {
                case .ended(let index): ended(index, &waiting, outlines[index], of: parent)
                case .warmed: waiting.isWarming = false
                case .timeIsOver: break
                }
                joinEarly(&waiting, parent, until: enough, elapsed: clock.elapsed() - began, in: &group)
                if waiting.hasEnded.allSatisfy({ $0 }), !waiting.isWarming { group.cancelAll() }
            }
        }
        for (key, context) in waiting.spares.named {
            state.withLock { $0.contexts[key] = nil }
            await context.close()
        }
        for thread in waiting.replaced { await close(thread) }
        try checkStop()
        return waiting.threads
    }

    private func start(
        _ index: Int, of waiting: Waiting, _ outline: Outline, from parent: LiveThread,
        in group: inout TaskGroup<Awaited>, _ body: @escaping @Sendable (LiveThread) async throws -> Void
    ) {
        let threads = waiting.threads
        if let original = waiting.schedule.original(of: index), threads[index].outcome == nil {
            group.addTask {
                self.merge(threads[index], into: threads[original])
                return .ended(index)
            }
            return
        }
        let needed = waiting.schedule.predecessors(of: index).map { threads[$0] }
        if let method = controller.methods[threads[index].depth] {
            group.addTask {
                await self.perform(threads[index], seeded: nil) { thread in
                    try await self.delegate(thread, outline, to: method)
                }
                return .ended(index)
            }
            return
        }
        group.addTask {
            let seed = self.seed(of: threads[index], after: needed, from: parent)
            await self.perform(threads[index], seeded: seed, body)
            return .ended(index)
        }
    }

    /// Threads join in outline order, so what the first ones show is known before the last one ends.
    private func warmUp(_ waiting: inout Waiting, into parent: LiveThread, in group: inout TaskGroup<Awaited>) {
        let count = waiting.hasEnded.prefix { $0 }.count
        guard dialect.join == .reprefill, dialect.messages == nil, !waiting.isWarming, count > waiting.warmedCount,
            count < waiting.threads.count
        else { return }
        (waiting.warmedCount, waiting.isWarming) = (count, true)
        let threads = waiting.threads.prefix(count)
        group.addTask {
            await self.warmUpJoin(of: threads, into: parent)
            return .warmed
        }
    }

    /// Examines a thread that has ended, and runs it again where that is the rule.
    private func ended(_ index: Int, _ waiting: inout Waiting, _ outline: Outline, of parent: LiveThread) {
        let thread = waiting.threads[index]
        if waiting.schedule.original(of: index) == nil { examine(thread) }
        if !waiting.isJoining, let again = retry(thread, outline, of: parent, with: &waiting.spares) {
            waiting.threads[index] = again
            waiting.replaced.append(thread)
            waiting.schedule.retried(index)
        } else {
            waiting.schedule.finished(index)
            waiting.hasEnded[index] = true
        }
    }

    /// Stops waiting once the join policy says so, or as many threads have ended as the method wants.
    private func joinEarly(
        _ waiting: inout Waiting, _ parent: LiveThread, until enough: Int?, elapsed: Duration,
        in group: inout TaskGroup<Awaited>
    ) {
        guard !waiting.isJoining else { return }
        let statuses = zip(waiting.threads, waiting.hasEnded).map { thread, hasEnded -> JoinPolicy.Status in
            if !hasEnded { return .open }
            if !thread.isUsable { return .failed }
            return thread.steering.withLock { $0.isVerified } ? .verified : .returned
        }
        let count = waiting.hasEnded.count { $0 }
        let hasEnough = enough.map { count >= $0 && count < waiting.threads.count } ?? false
        guard
            let why = controller.join.reasonToJoin(statuses, elapsed: elapsed)
                ?? (hasEnough ? "\(count) threads have ended, which is enough for the method" : nil)
        else { return }
        waiting.isJoining = true
        decide(.join, parent.id, why)
        for (thread, hasEnded) in zip(waiting.threads, waiting.hasEnded) where !hasEnded {
            decide(.cancel, thread.id, "its result no longer matters: \(why)")
        }
        group.cancelAll()
        for index in waiting.schedule.stop() {
            end(waiting.threads[index], .cancelled)
            waiting.hasEnded[index] = true
        }
    }

    /// Lets one thread hand back what another one did, whose subtask is the same.
    private func merge(_ thread: LiveThread, into original: LiveThread) {
        decide(.merge, thread.id, "its subtask is that of thread \(original.id)")
        let done = original.state.withLock { $0 }
        let (objection, isVerified) = original.steering.withLock { ($0.objection, $0.isVerified) }
        thread.state.withLock { state in
            state.adopt(done)
            if objection != nil { state.refute() }
        }
        thread.steering.withLock { steering in
            steering.objection = objection
            steering.isVerified = isVerified
        }
        end(thread, original.outcome ?? .cancelled)
    }

    /// Lets the checks look at what a thread returned.
    private func examine(_ thread: LiveThread) {
        guard !controller.checks.isEmpty, thread.outcome == .finished, let returned = thread.returned else { return }
        switch verdict(on: ReturnClaim(returned, subtask: thread.outline?.text, depth: thread.depth)) {
        case .unknown: break
        case .verified: thread.steering.withLock { $0.isVerified = true }
        case .refuted(let why):
            thread.steering.withLock { $0.objection = why }
            thread.state.withLock { $0.refute() }
            decide(.refute, thread.id, why)
        }
    }

    /// What the checks find; the first that has an opinion counts.
    func verdict(on claim: ReturnClaim) -> ReturnVerdict {
        for check in controller.checks {
            let verdict = check.verdict(on: claim, for: question)
            if verdict != .unknown { return verdict }
        }
        return .unknown
    }

    /// Another attempt at a thread's subtask, where the rule and the budget allow one.
    private func retry(
        _ thread: LiveThread, _ outline: Outline, of parent: LiveThread, with spares: inout SpareContexts
    ) -> LiveThread? {
        let (attempt, objection) = thread.steering.withLock { ($0.attempt, $0.objection) }
        guard let rule = controller.retry, thread.context != nil, !isStopped, let outcome = thread.outcome,
            let why = rule.reasonToRetry(outcome: outcome, objection: objection, attempt: attempt),
            state.withLock({ $0.ledger.forkableThreads(depth: parent.depth) }) > 0, let spare = spares.take()
        else { return nil }
        _ = state.withLock { $0.ledger.grantThreads(1, depth: parent.depth) }
        let path = recorder.paths(forThreadsOf: parent.id, count: 1)[0]
        // On record the new attempt comes after the first one, and so it does on the critical path.
        let recorded = Outline(number: outline.number, after: outline.after + [outline.number], text: outline.text)
        let again = LiveThread(
            id: path, outline: outline, depth: thread.depth, context: spare.context, line: thread.line,
            mayFork: thread.mayFork, dialect: dialect, attempt: attempt + 1)
        recorder.retry(path, outline: recorded, to: parent.id)
        state.withLock { $0.contexts[spare.key] = nil }
        keep(spare.context, of: again)
        events.send(.forked(thread: parent.id, outlines: [outline], into: [path]))
        decide(.retry, path, "thread \(thread.id) \(why)")
        return again
    }
}
