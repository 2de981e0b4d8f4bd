internal import Braid

/// One decode call: asks for a generation, makes tokens of what comes, and tries again or goes on when it fails.
///
/// Tokens become part of the context as they are taken, one at a time.
actor RemoteDecoding {
    private let context: RemoteContext
    private let engine: RemoteEngine
    private let options: DecodingOptions
    private let byID: Bool
    private let stopTokens: [TokenID]

    private var tokens: TokenAssembler
    private var text: TextAssembler
    private var stream: GenerationStream?
    private var queue: ArraySlice<DecodedToken> = []
    /// The last token that came, delivered or not.
    private var last: DecodedToken?
    private var stop: StopReason?
    /// Why the call stops, while the server says its last words.
    private var ending: StopReason?
    private var isOver = false
    /// Most tokens of the call, once it has begun.
    private var limit: Int?
    private var delivered = 0
    private var retries = 0
    private var failedEndpoint: Int?
    /// How it is asked for a form of the answer.
    private var asking = Asking.plainly

    /// Whether a form of the answer is asked for.
    private enum Asking {
        case plainly
        case inForm
        /// The same was refused with a form.
        case withoutForm
    }

    init(_ context: RemoteContext, options: DecodingOptions) {
        self.context = context
        self.options = options
        engine = context.engine
        byID = engine.description.tier == .tokens
        stopTokens = options.stops.compactMap { context.engine.tags[$0] }.sorted()
        tokens = TokenAssembler(tags: engine.tags, decoder: engine.options.vocabulary?.makeDecoder?())
        text = TextAssembler(tags: engine.options.tags.union(options.stops))
        if options.form != nil, engine.takesForms { asking = .inForm }
    }

    /// The next event; nil after the stop.
    /// - Throws: `EngineError`, `CancellationError`.
    func next() async throws -> DecodingEvent? {
        while true {
            try Task.checkCancellation()
            if let token = queue.popFirst() {
                take(token)
                return .token(token)
            }
            if let reason = stop {
                stop = nil
                isOver = true
                return .stop(reason)
            }
            if isOver { return nil }
            if let ending { try await drain(ending) } else { try await advance() }
        }
    }

    /// Most tokens that the context still has room for within the call's own limit, and what reaching them means.
    private var limitStop: StopReason { (limit ?? 0) < options.maximumTokens ? .contextFull : .tokenLimit }

    private func take(_ token: DecodedToken) {
        context.append(token)
        engine.count { $0.deliveredTokens += 1 }
        delivered += 1
        if let tag = token.control, options.stops.contains(tag) {
            finish(.control(tag), byServer: engine.endpoints[0].adapter.stopsByToken && engine.tags[tag] != nil)
        } else if delivered == limit {
            finish(limitStop, byServer: byID)
        }
    }

    /// Ends the call after the last token that was taken; what follows it was generated before anybody could say so, and
    /// is no part of the context.
    /// - Parameter byServer: Whether the server ends the generation here by itself: then its last words, which tell what
    ///   it used up, are read, and the connection serves the next request.
    private func finish(_ reason: StopReason, byServer: Bool) {
        queue = []
        if byServer, stream != nil {
            ending = reason
        } else {
            close(reason, isOver: stream == nil)
        }
    }

    private func close(_ reason: StopReason, isOver: Bool) {
        stop = reason
        ending = nil
        stream?.end(.success, isOver: isOver)
        stream = nil
    }

    /// Reads a server's last words.
    private func drain(_ reason: StopReason) async throws {
        do {
            guard let events = try await stream?.read() else { return close(reason, isOver: true) }
            for event in events {
                switch event {
                case .usage(let usage): count(usage)
                case .end: return close(reason, isOver: true)
                // It goes on where it should have stopped.
                case .chunk: return close(reason, isOver: false)
                }
            }
        } catch is GenerationFailure {
            // Everything that was asked for is there.
            close(reason, isOver: false)
        }
    }

    private func advance() async throws {
        let transcript = try context.transcript()
        if limit == nil {
            guard options.maximumTokens > 0 else { return stop = .tokenLimit }
            let room = engine.description.contextLength - transcript.count
            guard room > 0 else { return stop = .contextFull }
            limit = min(options.maximumTokens, room)
        }
        do {
            if stream == nil { stream = try await begin(transcript) }
            guard let events = try await stream?.read() else { return }
            for event in events { try await note(event) }
        } catch let failure as GenerationFailure {
            try await recover(from: failure)
        }
    }

    private func begin(_ transcript: Transcript) async throws -> GenerationStream {
        let request = transcript.request(
            tier: engine.description.tier, sampling: options.sampling,
            seed: Self.seed(options.seed, at: transcript.count), stopTokens: stopTokens,
            maximumTokens: max(1, (limit ?? 1) - delivered), form: asking == .inForm ? options.form : nil)
        let lease = try await engine.pool.lease(preferring: context.endpoint, avoiding: failedEndpoint)
        context.endpoint = lease.endpoint
        do {
            try await engine.identify(lease.endpoint)
            let stream = try await GenerationStream.begin(request, on: engine, lease: lease)
            engine.pool.heard(from: lease.endpoint)
            // What was refused was the form.
            if asking == .withoutForm { engine.formsAreRefused() }
            return stream
        } catch let failure as GenerationFailure {
            lease.end(RetryPolicy.outcome(of: failure))
            throw failure
        }
    }

    private func note(_ event: GenerationEvent) async throws {
        switch event {
        case .chunk(let written, let ids):
            if !byID {
                enqueue(text.tokens(written))
            } else if let ids {
                enqueue(tokens.tokens(ids, text: written))
            } else {
                let ids = try await engine.tokens(of: written)
                engine.count { $0.retokenizedTokens += ids.count }
                enqueue(tokens.tokens(ids, text: written))
            }
        case .usage(let usage): count(usage)
        case .end(let end):
            if !byID { enqueue(text.finish()) }
            stop = reason(end)
            stream?.end(.success, isOver: true)
            stream = nil
        }
    }

    private func count(_ usage: GenerationUsage) {
        engine.count { counts in
            counts.promptTokens += usage.promptTokens ?? 0
            counts.cachedTokens += usage.cachedTokens ?? 0
        }
    }

    private func enqueue(_ tokens: [DecodedToken]) {
        queue += tokens
        last = tokens.last ?? last
    }

    /// What an engine's end means here; a tag that it kept back is put where it belongs.
    private func reason(_ end: GenerationEnd) -> StopReason {
        switch end {
        case .stopToken(let id):
            guard let tag = tokens.tag(of: id) else { return .control(RemoteEngine.endOfText) }
            if last?.id != id { enqueue([DecodedToken(id: id, text: "", control: tag)]) }
            return .control(tag)
        case .stopText(let tag):
            if last?.control != tag, !byID {
                enqueue([DecodedToken(id: TextAssembler.unknownID, text: "", control: tag)])
            }
            return .control(tag)
        case .endOfText: return .control(last?.control ?? RemoteEngine.endOfText)
        case .length: return delivered + queue.count < (limit ?? 0) && byID ? .contextFull : limitStop
        }
    }

    /// Tries again, or goes on from what was delivered.
    private func recover(from failure: GenerationFailure) async throws {
        let endpoint = stream?.endpoint ?? context.endpoint ?? 0
        stream?.end(RetryPolicy.outcome(of: failure), isOver: false)
        stream = nil
        if failure.isLoss { engine.pool.lost(endpoint) }
        if failure.code == "exceed_context_size_error" {
            let count = try context.transcript().count
            throw EngineError.contextTooLong(tokens: count, limit: engine.description.contextLength)
        }
        if asking == .inForm, case .status(let status) = failure.kind, Self.formRefusals.contains(status) {
            asking = .withoutForm
            return
        }
        // What came before the failure is good where it is ids: it can be sent as it is.
        let canContinue = byID || delivered + queue.count == 0
        let action = RetryPolicy.action(
            for: failure, retries: retries, canContinue: canContinue, jitter: engine.randomShare())
        guard case .retry(let pause) = action, engine.pool.mayRetry(after: endpoint) else {
            throw EngineError.failed("\(engine.endpoints[endpoint].url): \(engine.message(of: failure))")
        }
        engine.count { $0.retries += 1 }
        retries += 1
        failedEndpoint = endpoint
        try await engine.pause(pause)
    }

    /// What services without tools, or without strict ones, answer to them.
    private static let formRefusals: Set<Int> = [400, 404, 405, 422, 501]

    /// Mixes a thread's seed with the position, so that two calls do not draw the same (the finaliser of SplitMix64,
    /// Steele, Lea, Flood, OOPSLA 2014, figure 17).
    private static func seed(_ seed: UInt64, at position: Int) -> UInt64 {
        var mixed = seed &+ UInt64(truncatingIfNeeded: position) &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
