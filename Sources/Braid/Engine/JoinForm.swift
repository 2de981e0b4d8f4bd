/// How threads come back into the context that forked them.
public enum JoinForm: Sendable, Hashable {
    /// The given text is appended to the parent and attended to with plain causal attention (ThreadWeaver's way).
    case reprefill(TokenText)
    /// The threads' own keys and values are adopted as they are; decoding resumes after the longest thread
    /// (Multiverse's way).
    case stitch
}
