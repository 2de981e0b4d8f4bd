import Synchronization

/// What dialects demand of contexts besides the four verbs: threads whose own keys and values are adopted, and lines whose
/// context is made anew because part of it was replaced.
extension ReasoningRun {
    /// Appends what the runtime puts into a line of its own accord.
    func extend(_ thread: LiveThread, by text: TokenText) async throws {
        guard !text.pieces.isEmpty, let context = thread.context else { return }
        let start = seconds
        let count = try await context.extend(text)
        thread.state.withLock { $0.append(text) }
        recordPrefill(.joined, text, tokens: count, in: thread, since: start)
    }

    /// Puts a thread's seed into its context, or into a new one in dialects of messages, and gives the number of tokens.
    func startContext(of thread: LiveThread, _ seed: TokenText) async throws -> Int {
        if let context = thread.context { return try await context.extend(seed) }
        let context = try await engine.open(seed)
        _ = thread.move(to: context)
        keep(context, of: thread)
        return await context.tokenCount
    }

    /// The threads whose keys and values a stitched join adopts, each closed as the dialect wants; the others are closed
    /// for good.
    ///
    /// Where threads hand back returns, only those that finished have something to say; where they hand back everything,
    /// those that were cut too.
    func adoptable(_ threads: [LiveThread]) async throws -> [LiveThread] {
        var adopted: [LiveThread] = []
        for thread in threads {
            guard let context = thread.context, let outline = thread.outline, isAdoptable(thread) else {
                await close(thread)
                continue
            }
            let isClosed = thread.state.withLock { $0.joinedThread(outline).isClosed }
            let end = dialect.stitchedEnd(label: outline.label, isClosed: isClosed)
            if dialect.shows == .wholeThreads, !end.pieces.isEmpty {
                let start = seconds
                let count = try await context.extend(end)
                recordPrefill(.joined, end, tokens: count, in: thread, since: start)
            }
            adopted.append(thread)
        }
        return adopted
    }

    /// Moves a line into a new context that holds its prompt and this plain text, and gives the numbers of tokens in the old
    /// context and in the new one.
    ///
    /// Engines that keep prefixes read only what is new.
    func reopen(_ thread: LiveThread, behind text: String) async throws -> (before: Int, after: Int) {
        let context = try await engine.open(dialect.prompt(for: question) + TokenText([.text(text)]))
        let before = thread.move(to: context)
        keep(context, of: thread)
        let count = await before?.tokenCount ?? 0
        await before?.close()
        return (count, await context.tokenCount)
    }

    private func isAdoptable(_ thread: LiveThread) -> Bool {
        switch thread.outcome {
        case .finished: true
        case .failed, nil: false
        case .tokenLimit, .contextFull, .timedOut, .cancelled, .malformed: dialect.shows == .wholeThreads
        }
    }
}
