import Synchronization

extension ReasoningRun {
    /// The threads of a fork, and contexts for those that have to be run again.
    struct Split {
        var threads: [LiveThread]
        var spares: SpareContexts
    }

    /// Makes the threads of a fork, as many as the budget grants; the others end before they start.
    /// - Parameters:
    ///   - retries: how many further contexts there are for each thread; a context that is forked cannot be forked again
    ///     before its threads are joined.
    ///   - embedsNumbers: whether threads carry the model's embeddings of their numbers, where it has one for each.
    func split(
        _ parent: LiveThread, outlines: [Outline?], line: ControlGrammar.Line, retries: Int = 0,
        embedsNumbers: Bool = false
    ) async throws -> Split {
        try checkStop()
        guard let context = parent.context else { throw EngineError.contextNotUsable("the thread never started") }
        let granted = state.withLock { $0.ledger.grantThreads(outlines.count, depth: parent.depth) }
        // Threads of messages have contexts of their own, which hold their messages alone.
        let forksContext = granted > 0 && dialect.messages == nil
        var all: [any EngineContext] = []
        if forksContext, embedsNumbers, engineDescription.thoughts >= outlines.count {
            // None to spare: another attempt would carry another thread's number.
            all = try await context.forkNumbered(granted)
        } else if forksContext {
            all = try await context.fork(granted * (1 + min(retries, 3)))
        }
        let contexts = all.prefix(granted)
        let spares = SpareContexts(Array(all.dropFirst(granted)), of: parent.id)
        for (key, context) in spares.named { state.withLock { $0.contexts[key] = context } }
        let paths = recorder.paths(forThreadsOf: parent.id, count: outlines.count)
        let written = dialect.unplannedThreads == nil ? outlines.compactMap(\.self) : []
        recorder.fork(
            parent.id, outlines: written, threads: paths,
            outlineTokens: parent.state.withLock { $0.outlineTokens })
        events.send(.forked(thread: parent.id, outlines: written, into: paths))
        let depth = parent.depth + 1
        let mayFork = parent.mayFork && (line == .main || depth < dialect.maximumDepth) && depth < budget.maximumDepth
        let threads = outlines.indices.map { index in
            LiveThread(
                id: paths[index], outline: outlines[index], depth: depth,
                context: index < contexts.count ? contexts[index] : nil, line: line, mayFork: mayFork, dialect: dialect)
        }
        for (index, thread) in threads.enumerated() {
            recorder.begin(thread.id, outline: dialect.unplannedThreads == nil ? thread.outline : nil)
            if let context = thread.context {
                keep(context, of: thread)
            } else if index >= granted {
                cut(thread, .failed("not started: the budget of \(budget.maximumThreads) threads is used up"))
            }
        }
        return Split(threads: threads, spares: spares)
    }

    /// Runs one thread to its end, or to the end of its time; whatever goes wrong in it becomes its outcome.
    func perform(
        _ thread: LiveThread, seeded seed: TokenText?, _ body: @escaping @Sendable (LiveThread) async throws -> Void
    ) async {
        await withinThreadTimeout(
            of: thread.id, { await self.performUntimed(thread, seeded: seed, body) },
            onTimeout: { thread.steering.withLock { $0.cancelledAs = .timedOut } })
    }

    private func performUntimed(
        _ thread: LiveThread, seeded seed: TokenText?, _ body: @Sendable (LiveThread) async throws -> Void
    ) async {
        guard thread.outcome == nil else { return }
        do {
            try checkStop()
            events.send(.threadStarted(thread: thread.id, outline: thread.outline))
            if let seed {
                let start = seconds
                let count = try await startContext(of: thread, seed)
                recordPrefill(
                    dialect.messages == nil ? .seed : .prompt, seed, tokens: count, in: thread, since: start)
            }
            guard thread.context != nil else {
                return end(thread, .failed("its message names nothing that its parent has written"))
            }
            try await body(thread)
            end(thread, .finished)
        } catch  where isStopped {
            end(thread, thread.steering.withLock { $0.cancelledAs } ?? stopOutcome)
        } catch EngineError.contextTooLong {
            cut(thread, .contextFull)
        } catch {
            end(thread, .failed("\(error)"))
        }
    }

    /// What a thread of this parent starts with; nil where its message names what the parent has not written.
    func seed(of thread: LiveThread, after earlier: [LiveThread], from parent: LiveThread) -> TokenText? {
        guard let outline = thread.outline else { return nil }
        guard let messages = dialect.messages else {
            return dialect.seed(for: outline, after: earlier.compactMap { $0.joined { $0.joinedThread($1) } })
        }
        return messages.prompt(for: outline, from: parent.state.withLock { $0.textBeforeMessages })
    }

    /// Lets the engine prefill what a join will begin with, while later threads still run. Changes nothing on record.
    func warmUpJoin(of threads: ArraySlice<LiveThread>, into parent: LiveThread) async {
        let beginning = dialect.joinedTextBeginning(threads.compactMap { $0.joined { $0.joinedThread($1) } })
        do {
            try await parent.context?.warmUpJoin(beginning)
        } catch {
            // Only a hint: the join does what was not done, and says what is wrong.
        }
    }

    /// Records tokens that were prefilled.
    func recordPrefill(_ origin: Segment.Origin, _ text: TokenText, tokens: Int, in thread: LiveThread, since: Double) {
        recorder.append(
            Segment(origin: origin, text: text.rendered, tokenCount: tokens, start: since, end: seconds),
            to: thread.id)
        charge(prefilled: tokens, in: thread.id)
    }

    /// Charges prefilled tokens to the budget.
    func charge(prefilled tokens: Int, in thread: String) {
        state.withLock { $0.ledger.prefilled(tokens) }
        events.send(.prefilled(thread: thread, tokens: tokens))
    }

    /// Remembers a context, to be closed at the end of the run at the latest.
    func keep(_ context: any EngineContext, of thread: LiveThread) {
        state.withLock { $0.contexts[thread.id] = context }
    }

    /// Forgets a context that has been closed.
    func forget(_ thread: LiveThread) {
        state.withLock { $0.contexts[thread.id] = nil }
    }
}

extension LiveThread {
    /// What a join may show of the thread; nil when it has no outline.
    func joined(_ read: (LineState, Outline) -> Dialect.JoinedThread) -> Dialect.JoinedThread? {
        outline.map { outline in state.withLock { read($0, outline) } }
    }
}
