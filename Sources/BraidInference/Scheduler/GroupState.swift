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

    /// Most rows of one pass: a fixed number, so that what is drawn does not depend on how an engine is set up.
    static let passRows = 64

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

    /// How many of their pending tokens these members run in the next pass of a step: all, or, where those are too many, as
    /// many as their share and never the last one, with which the last pass of a step ends for all of them together.
    func nextPass(of members: [Int]) -> [Int] {
        let counts = members.map { self.members[$0].pending.count }
        guard counts.reduce(0, +) > Self.passRows else { return counts }
        let share = max(1, Self.passRows / max(1, members.count))
        return counts.map { min(share, $0 - 1) }
    }
}
