internal import Braid

/// Where a decode call's events go.
///
/// The stream buffers without bound, which is at most ``DecodingOptions/maximumTokens`` events: a slow reader holds up
/// nobody else's tokens.
struct DecodingSink: Sendable {
    private let continuation: AsyncThrowingStream<DecodingEvent, any Error>.Continuation

    init(_ continuation: AsyncThrowingStream<DecodingEvent, any Error>.Continuation) {
        self.continuation = continuation
    }

    /// Delivers a token.
    func yield(_ token: DecodedToken) {
        continuation.yield(.token(token))
    }

    /// Ends the call.
    func finish(_ reason: StopReason) {
        continuation.yield(.stop(reason))
        continuation.finish()
    }

    /// Ends the call with an error; after a cancellation nobody hears it.
    func fail(_ error: any Error) {
        continuation.finish(throwing: error)
    }
}
