internal import Braid

/// Joins by re-prefill with the engine's warm-up: while threads still decode, the parent is told how the joined text begins,
/// so that after the last thread's last token little is left to read.
struct WarmJoin: Sendable {
    /// Tokens read at once: fewer leave less for the end, more disturb the threads less.
    private static let chunk = 16

    /// The threads, in the order in which their texts are joined.
    let threads: [any EngineContext]
    /// The context that they were forked from.
    let parent: any EngineContext

    /// Decodes all threads and joins them.
    /// - Returns: The time from the end of the last thread until all texts are in ``parent``.
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
        var text: [TokenID] = []
        var told = 0
        for input in inputs {
            for await tokens in input {
                text += tokens
                guard text.count - told >= Self.chunk else { continue }
                try await parent.warmUpJoin(TokenText([.tokens(text)]))
                told = text.count
            }
        }
        try await parent.join(threads, as: .reprefill(TokenText([.tokens(text)])))
        return ContinuousClock.now
    }
}
