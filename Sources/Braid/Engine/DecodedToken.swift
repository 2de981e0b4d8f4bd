/// One token that an engine has decoded.
public struct DecodedToken: Sendable, Hashable {
    /// Its id in the engine's vocabulary.
    public var id: TokenID
    /// The complete characters that became known with it; empty inside a multi-token character and for a control token.
    public var text: String
    /// The tag, when it is a control token.
    public var control: String?
    /// Natural logarithm of its probability under the model's own distribution (temperature 1, no mask), if known.
    public var logProbability: Float?

    /// Creates a decoded token.
    public init(id: TokenID, text: String, control: String? = nil, logProbability: Float? = nil) {
        self.id = id
        self.text = text
        self.control = control
        self.logProbability = logProbability
    }
}

/// Why a decode call ended.
public enum StopReason: Sendable, Hashable {
    /// A control tag of ``DecodingOptions/stops`` was decoded.
    case control(String)
    /// ``DecodingOptions/maximumTokens`` were decoded.
    case tokenLimit
    /// The context is as long as the model allows.
    case contextFull
}

/// What a decode call delivers: tokens, then once why it stopped.
public enum DecodingEvent: Sendable, Hashable {
    /// A token was decoded and is part of the context now.
    case token(DecodedToken)
    /// The call is over; always the last event of a call that did not throw.
    case stop(StopReason)
}

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
