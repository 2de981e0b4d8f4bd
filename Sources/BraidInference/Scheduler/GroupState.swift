internal import Braid

/// What the worker knows of a group, beside its pages.
struct GroupState {
    /// One of those who see each other.
    struct Member {
        /// Tokens that were appended or drawn and not run.
        var pending: [TokenID] = []
        /// Tokens in all, whether they were run or published or not.
        var count = 0
        var sampler: Sampler
        /// Tokens that it has seen, each once, if the sampler needs them.
        var seen: Set<TokenID>
        /// Bytes of a character that is not complete yet.
        var text: TextDecoder
    }

    /// The context it was made from, which waits.
    let owner: ContextID
    let age: ContextAge
    /// Number of the thought that it belongs to.
    let thought: Int
    var blocks: KVGroup
    var members: [Member]
    /// Which tokens may be drawn.
    let mask: TokenMask
    /// Tokens that end a member, with their tags.
    let stops: [TokenID: String]
    /// The step that is under way.
    var job: JobID?
}
