import Synchronization

extension ReasoningRun {
    /// Forks a line into lines that see each other while they are written, each with draws of its own.
    ///
    /// - Parameters:
    ///   - seeds: what each line begins with; not empty.
    ///   - view: what they see of each other.
    ///   - endsLines: whether the dialect's ends end a line; if not, they and the model's own are never drawn.
    ///   - forbidden: tags, and texts of one token, that are never drawn; see ``GroupOptions/forbidden``.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)`` when the budget has not so many threads left; what the
    ///   engine throws; `CancellationError`.
    public func group(
        _ parent: LiveThread, seeds: [TokenText], view: GroupView, endsLines: Bool, forbidden: Set<String> = []
    ) async throws -> LiveGroup {
        try checkStop()
        guard let context = parent.context else { throw EngineError.contextNotUsable("the thread never started") }
        let forkable = state.withLock { $0.ledger.forkableThreads(depth: parent.depth) }
        guard seeds.count <= forkable else {
            throw RunError.invalidOption(name: "workers", value: seeds.count, allowed: 0...forkable)
        }
        let paths = recorder.paths(forThreadsOf: parent.id, count: seeds.count)
        let ends = endsLines ? [] : dialect.ends
        let group = try await context.group(
            GroupOptions(
                view: view, sampling: sampling, seeds: paths.map { ThreadSeed.derive(from: seed, path: $0) },
                stops: endsLines ? dialect.ends : nil, forbidden: forbidden.union(ends)))
        state.withLock { state in
            _ = state.ledger.grantThreads(seeds.count, depth: parent.depth)
            state.groups[parent.id] = group
        }
        recorder.fork(parent.id, outlines: [], threads: paths, outlineTokens: 0)
        events.send(.forked(thread: parent.id, outlines: [], into: paths))
        let threads = paths.map { path in
            LiveThread(
                id: path, outline: nil, depth: parent.depth + 1, context: nil, line: parent.line, mayFork: false,
                dialect: dialect)
        }
        for thread in threads { recorder.begin(thread.id, outline: nil) }
        let slotLength: Int? = if case .slots(let length) = view { length } else { nil }
        let live = LiveGroup(threads, of: parent, context: group, slotLength: slotLength)
        for (member, text) in seeds.enumerated() {
            events.send(.threadStarted(thread: threads[member].id, outline: nil))
            try await append(text, as: .seed, to: member, of: live)
        }
        return live
    }

    /// Tokens that the engine's context has room for behind a line.
    public func room(behind thread: LiveThread) async -> Int {
        guard let context = thread.context else { return 0 }
        return max(0, engineDescription.contextLength - (await context.tokenCount))
    }

    /// Draws the next token of every line that has not ended, all in one step.
    ///
    /// A line ends with its dialect's end, and is cut when its budget or its slot is used up; all are cut when one of them
    /// sees more than fits the context.
    /// - Returns: the lines that took part, by their index, with their tokens; empty when none is left.
    /// - Throws: what the engine throws, and `CancellationError`.
    public func step(_ group: LiveGroup) async throws -> [(member: Int, token: DecodedToken)] {
        do {
            return try await draw(in: group)
        } catch {
            for thread in group.threads { end(thread, isStopped ? stopOutcome : .failed("\(error)")) }
            throw error
        }
    }

    private func draw(in group: LiveGroup) async throws -> [(member: Int, token: DecodedToken)] {
        try checkStop()
        var members: [Int] = []
        for (member, thread) in group.threads.enumerated() where thread.outcome == nil {
            if decodingOptions(for: thread, mayFork: false) == nil {
                cut(thread, .tokenLimit)
            } else {
                members.append(member)
            }
        }
        guard !members.isEmpty else { return [] }
        let start = seconds
        let drawn: [DrawnToken]
        do {
            drawn = try await group.context.step(members)
        } catch EngineError.contextTooLong {
            for member in members { cut(group.threads[member], .contextFull) }
            return []
        }
        let end = seconds
        for (member, drawn) in zip(members, drawn) {
            let thread = group.threads[member]
            let (left, _) = take(drawn.token, into: thread, start: start, end: end)
            let count = group.counts.withLock { counts in
                counts[member] += 1
                return counts[member]
            }
            if let tag = drawn.stop {
                self.end(thread, thread.state.withLock { $0.finish(at: tag) })
            } else if left == 0 || group.slotLength.map({ count >= $0 }) ?? false {
                cut(thread, .tokenLimit)
            }
        }
        try checkStop()
        return zip(members, drawn).map { ($0, $1.token) }
    }

    /// Puts text into a line of a group; the others see it as soon as the line goes on.
    /// - Returns: its tokens.
    @discardableResult
    public func insert(_ text: TokenText, into member: Int, of group: LiveGroup) async throws -> Int {
        try await append(text, as: .inserted, to: member, of: group)
    }

    /// Moves what a line of a group has written to the end of what all its lines have in common.
    public func publish(_ member: Int, of group: LiveGroup) async throws {
        try await group.context.publish(member)
    }

    /// Ends a group: lines that have not ended are over, and the line that they were forked from can go on.
    public func close(_ group: LiveGroup) async {
        for thread in group.threads { end(thread, .finished) }
        state.withLock { $0.groups[group.parent.id] = nil }
        await group.context.close()
    }

    /// Ends a group and lets the line that it was forked from go on behind a text about what came of it.
    /// - Throws: what the engine throws, and `CancellationError`.
    public func close(_ group: LiveGroup, joinedAs text: TokenText) async throws {
        await close(group)
        try checkStop()
        guard let context = group.parent.context else { return }
        let start = seconds
        let count: Int
        do {
            count = try await context.extend(text)
        } catch EngineError.contextTooLong {
            cut(group.parent, .contextFull)
            return
        }
        recorder.join(
            group.parent.id, as: .reprefill,
            joined: Segment(origin: .joined, text: text.rendered, tokenCount: count, start: start, end: seconds))
        events.send(.joined(thread: group.parent.id, threads: group.threads.map(\.id), tokens: count))
    }

    /// Decodes at most `count` tokens, always the likeliest; the line is over then.
    /// - Throws: what the engine throws, and `CancellationError`.
    public func conclude(_ thread: LiveThread, atMost count: Int) async throws {
        try checkStop()
        guard thread.outcome == nil, let context = thread.context else { return }
        guard var options = decodingOptions(for: thread, mayFork: false) else { return cut(thread, .tokenLimit) }
        options.sampling = .greedy
        options.maximumTokens = min(count, options.maximumTokens)
        let stop = try await read(context.decode(options), stops: options.stops, into: thread)
        if stop == .contextFull { cut(thread, .contextFull) } else { end(thread, .finished) }
    }

    @discardableResult
    private func append(
        _ text: TokenText, as origin: Segment.Origin, to member: Int, of group: LiveGroup
    ) async throws -> Int {
        let start = seconds
        let count = try await group.context.extend(member, text)
        group.counts.withLock { $0[member] += count }
        recordPrefill(origin, text, tokens: count, in: group.threads[member], since: start)
        return count
    }
}
