internal import Braid
internal import Synchronization

/// A context of a remote engine: what the next request will say.
final class RemoteContext: EngineContext {
    private struct State {
        var transcript: Transcript
        var endpoint: Int?
        var isClosed = false
    }

    let engine: RemoteEngine
    private let state: Mutex<State>

    init(_ engine: RemoteEngine, transcript: Transcript, endpoint: Int?) {
        self.engine = engine
        state = Mutex(State(transcript: transcript, endpoint: endpoint))
    }

    var tokenCount: Int { state.withLock { $0.transcript.count } }

    /// The server whose cache has the context's beginning, if one was asked already.
    var endpoint: Int? {
        get { state.withLock { $0.endpoint } }
        set { state.withLock { $0.endpoint = newValue } }
    }

    @discardableResult
    func extend(_ text: TokenText) async throws -> Int {
        let encoded = try await engine.encode(text, speaker: speaker(in: try transcript()))
        try state.withLock { state in
            let total = state.transcript.count + encoded.count
            guard total <= engine.description.contextLength else {
                throw EngineError.contextTooLong(tokens: total, limit: engine.description.contextLength)
            }
            state.transcript.append(encoded)
        }
        return encoded.count
    }

    func decode(_ options: DecodingOptions) -> DecodedTokens {
        let decoding = RemoteDecoding(self, options: options)
        // Nothing is read ahead: what nobody took is not part of the context.
        return DecodedTokens(AsyncThrowingStream(unfolding: { try await decoding.next() }))
    }

    func fork(_ count: Int) async throws -> [any EngineContext] {
        let (transcript, endpoint) = (try transcript(), endpoint)
        return (0..<max(0, count)).map { _ in RemoteContext(engine, transcript: transcript, endpoint: endpoint) }
    }

    func join(_ threads: [any EngineContext], as form: JoinForm) async throws {
        guard case .reprefill(let text) = form else {
            throw EngineError.unsupported(
                "joins by stitching; use a dialect that joins by prefill, or the embedded engine")
        }
        try await extend(text)
        for thread in threads { await thread.close() }
    }

    /// Has the server read the context with the joined text's beginning, if it has nothing better to do.
    func warmUpJoin(_ text: TokenText) async throws {
        guard let lease = engine.pool.leaseIfIdle(preferring: endpoint) else { return }
        defer { lease.end(.neutral) }
        let target = engine.endpoints[lease.endpoint]
        guard target.adapter.warmsUp else { return }
        var transcript = try transcript()
        transcript.append(try await engine.encode(text, speaker: speaker(in: transcript)))
        guard transcript.count < engine.description.contextLength else { return }
        engine.count { $0.warmUps += 1 }
        let request = transcript.request(
            tier: engine.description.tier, sampling: .greedy, seed: 0, stopTokens: [], maximumTokens: 1)
        try await engine.identify(lease.endpoint)
        let outgoing = try target.adapter.prefill(request)
        // The join waits for it, which must not be for ever.
        try await engine.time.within(engine.options.silenceTimeout) { [engine] in
            _ = try await engine.transport.send(outgoing).collect()
        }
    }

    func score(_ text: TokenText) async throws -> [LogProbability] {
        throw EngineError.unsupported("log-probabilities of given text; use the embedded engine")
    }

    func close() async {
        state.withLock { state in
            state.isClosed = true
            state.transcript = Transcript()
        }
    }

    /// What stands in the context.
    /// - Throws: `EngineError.contextNotUsable` when it was closed.
    func transcript() throws(EngineError) -> Transcript {
        try state.withLock { state throws(EngineError) in
            if state.isClosed { throw .contextNotUsable("it was closed") }
            return state.transcript
        }
    }

    /// Appends a decoded token.
    func append(_ token: DecodedToken) {
        state.withLock { state in
            if !state.isClosed { state.transcript.append(token) }
        }
    }

    /// On a service that continues answers, what follows the model's first words is part of its answer.
    private func speaker(in transcript: Transcript) -> Prompt.Message.Role {
        engine.description.tier == .chatPrefill && transcript.messages.last?.role == .assistant ? .assistant : .user
    }
}
