internal import Braid

/// A context of the embedded engine.
final class EmbeddedContext: EngineContext {
    private let id: ContextID
    private let worker: InferenceWorker
    private let encoder: TokenTextEncoder

    init(_ id: ContextID, worker: InferenceWorker, encoder: TokenTextEncoder) {
        self.id = id
        self.worker = worker
        self.encoder = encoder
    }

    // Closing twice is harmless, and a forgotten context must not keep its pages.
    deinit { worker.post(.close(id)) }

    // A closed context, or one asked by a cancelled task, holds nothing that its caller could still use.
    var tokenCount: Int {
        get async { (try? await worker.ask { .count(self.id, $0) }) ?? 0 }
    }

    func extend(_ text: TokenText) async throws -> Int {
        let tokens = try encoder.encode(text)
        return try await worker.ask { .extend(self.id, tokens, $0) }
    }

    func decode(_ options: DecodingOptions) -> DecodedTokens {
        worker.decode(id, options, owner: self)
    }

    func fork(_ count: Int) async throws -> [any EngineContext] {
        try await fork(count, isNumbered: false)
    }

    func forkNumbered(_ count: Int) async throws -> [any EngineContext] {
        try await fork(count, isNumbered: true)
    }

    private func fork(_ count: Int, isNumbered: Bool) async throws -> [any EngineContext] {
        try await worker.ask { .fork(self.id, count, isNumbered: isNumbered, $0) }
            .map { EmbeddedContext($0, worker: worker, encoder: encoder) }
    }

    func group(_ options: GroupOptions) async throws -> any ContextGroup {
        var texts: [[TokenID]] = []
        if case .consecutive(let parts) = options.view {
            for case .text(let text) in parts { texts.append(try encoder.encode(text)) }
        }
        let forbidden = options.forbidden.compactMap { encoder.token(of: $0) }
        let id = try await worker.ask { [texts] in
            .group(self.id, options, texts: texts, forbidden: forbidden, $0)
        }
        return EmbeddedGroup(id, worker: worker, encoder: encoder)
    }

    func join(_ threads: [any EngineContext], as form: JoinForm) async throws {
        let ids = try threads.map { thread in
            guard let thread = thread as? EmbeddedContext, thread.worker === worker else {
                throw EngineError.contextNotUsable("a thread of another engine cannot be joined")
            }
            return thread.id
        }
        let tokens: [TokenID]?
        switch form {
        case .reprefill(let text): tokens = try encoder.encode(text)
        case .stitch: tokens = nil
        }
        try await worker.ask { .join(self.id, threads: ids, tokens: tokens, $0) }
    }

    func warmUpJoin(_ text: TokenText) async throws {
        let tokens = try encoder.encode(text)
        try await worker.ask { .warm(self.id, tokens, $0) }
    }

    func score(_ text: TokenText) async throws -> [LogProbability] {
        let tokens = try encoder.encode(text)
        return try await worker.ask { .score(self.id, tokens, $0) }
    }

    func close() async {
        worker.post(.close(id))
    }
}
