/// The tokens of one decode call as they come; cancelling the task that reads them ends the call between two steps.
public struct DecodedTokens: AsyncSequence, Sendable {
    public typealias Element = DecodingEvent
    public typealias Failure = any Error

    private let stream: AsyncThrowingStream<DecodingEvent, any Error>

    /// Wraps an engine's stream.
    public init(_ stream: AsyncThrowingStream<DecodingEvent, any Error>) {
        self.stream = stream
    }

    /// Starts reading; a decode call is read once.
    public func makeAsyncIterator() -> AsyncThrowingStream<DecodingEvent, any Error>.Iterator {
        stream.makeAsyncIterator()
    }
}
