import Synchronization

extension ReasoningRun {
    /// Decodes a line that may not fork to its end, its thinking as long as budget forcing wants.
    ///
    /// A context cannot lose a token, so a line whose end of thinking is ignored goes on in a new context that begins with
    /// the same tokens without it; an engine with a prefix cache has them still. The ignored tag is charged to the budget,
    /// and is not on record, because it is in no context that goes on.
    /// - Throws: what the engine throws, and `CancellationError`.
    func decode(_ line: LiveThread, forcing: BudgetForcing) async throws {
        let end = dialect.thinkingEnd
        var kept: [TokenText.Piece] = []
        var ignored = 0
        while line.outcome == nil, let context = line.context {
            try checkStop()
            guard var options = decodingOptions(for: line, mayFork: false) else { return cut(line, .tokenLimit) }
            let decoded = line.state.withLock { $0.decodedCount }
            let room = forcing.maximumThinkingTokens.map { max(0, $0 - decoded) } ?? Int.max
            options.stops.insert(end)
            options.maximumTokens = min(options.maximumTokens, room)
            let stop =
                room == 0
                ? .tokenLimit
                : try await think(line, context, options, until: end, ignoring: ignored < forcing.extensions, &kept)
            switch stop {
            case .control(end) where ignored < forcing.extensions:
                ignored += 1
                let inserted = TokenText.Piece.text(forcing.appended)
                try await goOn(line, after: kept, with: inserted)
                kept.append(inserted)
            case .control(end): return try await finish(line, after: end)
            case .tokenLimit where line.state.withLock({ $0.decodedCount }) >= forcing.maximumThinkingTokens ?? Int.max:
                let start = seconds
                let closing = TokenText([.control(end)])
                let count = try await context.extend(closing)
                recordPrefill(.inserted, closing, tokens: count, in: line, since: start)
                line.state.withLock { $0.insert(end) }
                return try await finish(line, after: end)
            case .tokenLimit: cut(line, .tokenLimit)
            case .contextFull: cut(line, .contextFull)
            case .control(let tag): self.end(line, line.state.withLock { $0.finish(at: tag) })
            }
        }
    }

    /// Reads thinking to its end; the tag that ends it is not taken where it is to be ignored.
    private func think(
        _ line: LiveThread, _ context: any EngineContext, _ options: DecodingOptions, until end: String, ignoring: Bool,
        _ kept: inout [TokenText.Piece]
    ) async throws -> StopReason {
        let byID = engineDescription.tier == .tokens
        var start = seconds
        for try await event in context.decode(options) {
            switch event {
            case .stop(let reason): return reason
            case .token(let token) where ignoring && token.control == end: state.withLock { $0.ledger.decodedToken() }
            case .token(let token):
                let now = seconds
                let (left, _) = take(token, into: line, start: start, end: now)
                start = now
                kept.append(byID ? .tokens([token.id]) : token.control.map { .control($0) } ?? .text(token.text))
                try checkStop()
                if left == 0, token.control.map({ options.stops.contains($0) }) != true { return .tokenLimit }
            }
        }
        try checkStop()
        throw EngineError.failed("its token stream ended without saying why")
    }

    /// Moves a line to a context that holds what was kept of it and something more.
    private func goOn(
        _ line: LiveThread, after kept: [TokenText.Piece], with inserted: TokenText.Piece
    ) async throws {
        let start = seconds
        let before = TokenText(dialect.prompt(for: question).pieces + kept.joinedTokens)
        let context = try await engine.open(before)
        let old = line.move(to: context)
        keep(context, of: line)
        await old?.close()
        let text = TokenText([inserted])
        let count = try await context.extend(text)
        recordPrefill(.inserted, text, tokens: count, in: line, since: start)
    }

    /// Decodes what follows the thinking.
    private func finish(_ line: LiveThread, after end: String) async throws {
        while line.outcome == nil, let context = line.context {
            guard var options = decodingOptions(for: line, mayFork: false) else { return cut(line, .tokenLimit) }
            if dialect.think == nil { options.grammar?.advance(.control(end)) }
            switch try await read(context.decode(options), stops: options.stops, into: line) {
            case .tokenLimit: cut(line, .tokenLimit)
            case .contextFull: cut(line, .contextFull)
            case .control(let tag): self.end(line, line.state.withLock { $0.finish(at: tag) })
            }
        }
    }
}

extension Dialect {
    /// The tag that ends the thinking: its own, or where thinking has no tags the one that opens the answer.
    var thinkingEnd: String {
        switch (think, answer) {
        case (.some(let think), _): think.close
        case (nil, .tagged(let pair)): pair.open
        case (nil, .boxed), (nil, .message): ends.min() ?? ""
        }
    }
}

extension [TokenText.Piece] {
    /// The same with neighbouring token ids in one piece.
    fileprivate var joinedTokens: [TokenText.Piece] {
        var pieces: [TokenText.Piece] = []
        for piece in self {
            if case .tokens(let next) = piece, case .tokens(let ids) = pieces.last {
                pieces[pieces.count - 1] = .tokens(ids + next)
            } else {
                pieces.append(piece)
            }
        }
        return pieces
    }
}
