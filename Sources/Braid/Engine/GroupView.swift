/// What the members of a ``ContextGroup`` see of each other, and at which positions.
///
/// Every member sees the common beginning first and its own tokens last.
public enum GroupView: Sendable, Hashable {
    /// What stands between the common beginning and a member's own tokens.
    public enum Part: Sendable, Hashable {
        /// The same text for all members, read once, by itself: its tokens see nothing before it.
        case text(TokenText)
        /// What the other members have written, in their order; once at most.
        case others
    }

    /// Positions count through each member's view without a gap, so what is seen moves as what stands before it grows
    /// (Hogwild! Inference, arXiv 2504.06261, section 3).
    case consecutive([Part])
    /// Member `n`, counted from 0, stands `n * length` positions after the common beginning, for all who see it; all see
    /// all others (Group Think, arXiv 2505.11107, section 3). The common beginning does not grow.
    case slots(length: Int)
}
