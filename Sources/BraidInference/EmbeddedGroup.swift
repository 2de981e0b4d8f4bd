internal import Braid

/// A group of contexts of the embedded engine.
final class EmbeddedGroup: ContextGroup {
    private let id: ContextID
    private let worker: InferenceWorker
    private let encoder: TokenTextEncoder

    init(_ id: ContextID, worker: InferenceWorker, encoder: TokenTextEncoder) {
        self.id = id
        self.worker = worker
        self.encoder = encoder
    }

    // Closing twice is harmless, and a forgotten group must not keep its pages.
    deinit { worker.post(.closeGroup(id)) }

    func extend(_ member: Int, _ text: TokenText) async throws -> Int {
        let tokens = try encoder.encode(text)
        return try await worker.ask { .extendMember(self.id, member, tokens, $0) }
    }

    func step(_ members: [Int]) async throws -> [DrawnToken] {
        try await worker.ask { .stepGroup(self.id, members, $0) }
    }

    func publish(_ member: Int) async throws {
        try await worker.ask { .publish(self.id, member, $0) }
    }

    func close() async {
        worker.post(.closeGroup(id))
    }
}
