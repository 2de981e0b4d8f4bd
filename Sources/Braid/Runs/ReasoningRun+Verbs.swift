import Synchronization

extension ReasoningRun {
    /// Starts the main line with the question in the dialect's frame.
    /// - Parameters:
    ///   - prompt: what it starts with instead; nil for the question alone.
    ///   - mayFork: false forbids the model to fork, whatever the budget.
    /// - Throws: what the engine throws, and `CancellationError`.
    public func open(with prompt: TokenText? = nil, mayFork: Bool = true) async throws -> LiveThread {
        try checkStop()
        let prompt = prompt ?? dialect.prompt(for: question)
        recorder.begin(TrajectoryRecorder.root, outline: nil)
        let start = seconds
        let context = try await engine.open(prompt)
        let thread = LiveThread(
            id: TrajectoryRecorder.root, outline: nil, depth: 0, context: context, line: .main,
            mayFork: mayFork && budget.maximumDepth > 0, dialect: dialect)
        keep(context, of: thread)
        state.withLock { $0.mainLine = thread }
        let count = await context.tokenCount
        recordPrefill(.prompt, prompt, tokens: count, in: thread, since: start)
        return thread
    }

    /// Decodes until the line forks or ends.
    /// - Parameter mayFork: false forbids the line to fork in this call, even where it otherwise might.
    /// - Returns: the outlines to fork into, never empty; nil when the line is over, see ``LiveThread/outcome``.
    /// - Throws: what the engine throws, and `CancellationError`.
    public func decode(_ thread: LiveThread, mayFork: Bool = true) async throws -> [Outline]? {
        let mayFork = mayFork && thread.mayFork
        while thread.outcome == nil, let context = thread.context {
            try checkStop()
            if mayFork, let outlines = thread.state.withLock({ $0.forkAtStart() }) { return outlines }
            let pause = try await steer(thread)
            let decoded = thread.state.withLock { $0.decodedCount }
            guard let options = decodingOptions(for: thread, mayFork: mayFork, atMost: pause) else {
                cut(thread, .tokenLimit)
                break
            }
            let stop = try await read(context.decode(options), stops: options.stops, into: thread)
            let count = thread.state.withLock { $0.decodedCount }
            switch stop {
            case .tokenLimit where pause != nil && count > decoded && hasTokens(for: thread): break
            case .tokenLimit: cut(thread, .tokenLimit)
            case .contextFull: cut(thread, .contextFull)
            case .control(let tag) where tag == dialect.forkTag:
                let outlines = thread.state.withLock { state in
                    dialect.unplannedThreads == nil ? state.outlines : state.unplannedOutlines
                }
                if !outlines.isEmpty, hasTokensToFork(thread) { return outlines }
                // Nothing to fork into: the line goes on in sequence, as long as it makes progress.
                guard count > decoded else { throw EngineError.failed("it stopped at \(tag) without decoding it") }
            case .control(let tag) where tag == dialect.messages?.joined.open:
                _ = try await reopen(thread, behind: thread.state.withLock { $0.repairJoin() })
            case .control(let tag):
                if mayFork, thread.state.withLock({ $0.spawns }) {
                    return thread.state.withLock { $0.outlines }
                }
                end(thread, thread.state.withLock { $0.finish(at: tag) })
            }
        }
        return nil
    }

    /// Forks a line into `count` lines that each go on from here by themselves, with draws of their own.
    /// - Returns: the lines in order, all of them ended.
    /// - Throws: as ``fork(_:into:each:)``.
    public func fork(
        _ parent: LiveThread, count: Int, each body: @escaping @Sendable (LiveThread) async throws -> Void
    ) async throws -> [LiveThread] {
        let outlines: [Outline?] = Array(repeating: nil, count: max(0, count))
        let threads = try await split(parent, outlines: outlines, line: parent.line).threads
        await withTaskGroup(of: Void.self) { group in
            for thread in threads {
                group.addTask { await self.perform(thread, seeded: nil, body) }
            }
        }
        try checkStop()
        return threads
    }

    /// Brings threads back into the line that forked them, as the dialect shows them.
    ///
    /// Where a thread has no return, the parent sees the dialect's ``Dialect/failedReturn``. When the joined text does not
    /// fit the context, the line's outcome is ``ThreadOutcome/contextFull``.
    /// - Throws: what the engine throws, and `CancellationError`.
    public func join(_ threads: [LiveThread], into parent: LiveThread) async throws {
        try checkStop()
        guard let context = parent.context, parent.outcome == nil else { return }
        let start = seconds
        let joined: TokenText
        let shown: TokenText
        let count: Int
        do {
            switch dialect.join {
            case .reprefill where dialect.messages != nil:
                joined = dialect.joinedText(threads.compactMap { $0.joined { $0.joinedThread($1) } })
                shown = joined
                for thread in threads { await close(thread) }
                let (before, after) = try await reopen(
                    parent, behind: parent.state.withLock { $0.replaceMessages(by: joined.rendered) })
                count = max(0, after - before)
            case .reprefill:
                joined = dialect.joinedText(threads.compactMap { $0.joined { $0.joinedThread($1) } })
                shown = dialect.joinedText(threads.compactMap { $0.joined { $0.shownThread($1) } })
                let before = await context.tokenCount
                try await context.join(threads.compactMap(\.context), as: .reprefill(joined))
                count = await context.tokenCount - before
            case .stitch:
                joined = dialect.threadsEnd
                shown = joined
                let adopted = try await adoptable(threads)
                try await context.join(adopted.compactMap(\.context), as: .stitch)
                count = joined.pieces.isEmpty ? 0 : try await context.extend(joined)
            }
        } catch EngineError.contextTooLong {
            cut(parent, .contextFull)
            return
        }
        for thread in threads { forget(thread) }
        let returns = threads.compactMap { thread in
            thread.outline.map { ($0.number, thread.isUsable ? thread.returned : nil) }
        }
        let byNumber = Dictionary(returns, uniquingKeysWith: { first, _ in first })
        parent.state.withLock { $0.joined(joined, returns: byNumber) }
        recorder.join(
            parent.id, as: dialect.join,
            joined: Segment(origin: .joined, text: shown.rendered, tokenCount: count, start: start, end: seconds))
        state.withLock { $0.ledger.prefilled(count) }
        events.send(.joined(thread: parent.id, threads: threads.map(\.id), tokens: count))
    }

    /// Gives a line's context back before the run ends; closing twice is harmless.
    public func close(_ thread: LiveThread) async {
        forget(thread)
        await thread.context?.close()
    }

    /// The answer that stands in a line, or why there is none.
    public func answer(in thread: LiveThread) -> Answer {
        let (tagged, text, written, outcome) = thread.state.withLock { ($0.answer, $0.text, $0.written, $0.outcome) }
        return Answer(
            text: AnswerExtractor(dialect).answer(tagged: tagged, in: text), written: written,
            outcome: outcome ?? .finished)
    }
}
