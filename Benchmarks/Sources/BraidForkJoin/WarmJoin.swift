internal import Braid

/// Prepares a join by re-prefill while threads still decode: a context forked beside them reads their texts in order, as
/// they come, so that after the last thread's last token little is left to read.
struct WarmJoin: Sendable {
    /// Tokens read at once: fewer leave less for the end, more disturb the threads less.
    private static let chunk = 16

    /// The threads, in the order in which their texts are joined.
    let threads: [any EngineContext]
    /// A context that holds what the threads share.
    let landing: any EngineContext

    /// Decodes all threads and joins them.
    /// - Returns: The time from the end of the last thread until all texts are in ``landing``.
    func run(header: Int, lengths: [Int]) async throws -> Duration {
        let streams = threads.map { _ in AsyncStream<[TokenID]>.makeStream() }
        return try await withThrowingTaskGroup(of: ContinuousClock.Instant.self) { group in
            for (index, thread) in threads.enumerated() {
                let output = streams[index].continuation
                group.addTask {
                    defer { output.finish() }
                    let header = SyntheticTokens.header(of: index, header)
                    try await thread.extend(TokenText([.tokens(header)]))
                    output.yield(header)
                    var count = 0
                    for try await event in thread.decode(DecodingOptions(stops: [], maximumTokens: lengths[index])) {
                        guard case .token(let token) = event else { continue }
                        count += 1
                        output.yield([token.id])
                    }
                    guard count == lengths[index] else {
                        throw ProgramError.stoppedEarly(decoded: count, wanted: lengths[index])
                    }
                    return ContinuousClock.now
                }
            }
            let inputs = streams.map(\.stream)
            async let joined = read(inputs)
            var lastEnd = ContinuousClock.now
            for try await end in group { lastEnd = max(lastEnd, end) }
            return try await joined - lastEnd
        }
    }

    private func read(_ inputs: [AsyncStream<[TokenID]>]) async throws -> ContinuousClock.Instant {
        var unread: [TokenID] = []
        for input in inputs {
            for await tokens in input {
                unread += tokens
                guard unread.count >= Self.chunk else { continue }
                try await landing.extend(TokenText([.tokens(unread)]))
                unread = []
            }
        }
        if !unread.isEmpty { try await landing.extend(TokenText([.tokens(unread)])) }
        return ContinuousClock.now
    }
}
