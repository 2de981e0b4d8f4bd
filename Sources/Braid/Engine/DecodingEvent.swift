/// What a decode call delivers: tokens, then once why it stopped.
public enum DecodingEvent: Sendable, Hashable {
    /// A token was decoded and is part of the context now.
    case token(DecodedToken)
    /// The call is over; always the last event of a call that did not throw.
    case stop(StopReason)
}
