extension Dialect {
    /// Braid's own dialect: outlines before the fork, a short return from each thread, blocks may nest.
    ///
    /// Outlines are known to all siblings (ThreadWeaver, arXiv 2512.07843, section 3) and may say which others they come
    /// after; the parent sees outlines and returns only (the messages of APR, arXiv 2504.15466, section 3), so joins stay
    /// short. An answer that a thread has already returned is given by the thread's number, as `<Answer>4:</Answer>`:
    /// nothing is written, or miswritten, twice. The built-in models write no dependencies, so the grammar offers none; for
    /// a model that does, set ``Dialect/dependencies`` to `.written`.
    public static let braid = Dialect(
        name: "braid",
        promptStart: TokenText([.control("<Question>")]),
        promptEnd: TokenText([.control("</Question>")]),
        parallel: TagPair("Parallel"),
        outlines: TagPair("Outlines"),
        outline: TagPair("Outline"),
        thread: TagPair("Thread"),
        returns: TagPair("Return"),
        answer: .tagged(TagPair("Answer")),
        ends: ["</Answer>"],
        dependencies: .read,
        threadSeed: TokenText([.control("<Thread>"), .text("{n}:{outline}\n")]),
        cutThreadEnd: TokenText([.control("</Thread>")]),
        threadsEnd: TokenText([.control("</Parallel>")]),
        shows: .returns,
        join: .reprefill,
        maximumDepth: 16,
        failedReturn: " none",
        maximumOutlines: 64,
        answersByNumber: true
    )
}
