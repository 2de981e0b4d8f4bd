extension Dialect {
    /// The dialect of ThreadWeaver's final Qwen3 models (arXiv 2512.07843, section 3; its rollout controller
    /// `single_turn_agent_loop.py`, lines 217-311).
    ///
    /// The joined text has a newline before the first thread only, although each thread was generated after one; the
    /// model writes the block's end. Blocks do not nest, and outlines do not depend on each other.
    ///
    /// Deviations:
    /// - `<Conclusion>` is not written by the final models and only understood here.
    /// - Dotted outline numbers, which their controller would accept, are malformed; their models write none.
    public static let threadWeaver = Dialect(
        name: "threadweaver",
        promptStart: TokenText([.control("<|im_start|>"), .text("user\n")]),
        promptEnd: TokenText([
            .control("<|im_end|>"), .text("\n"), .control("<|im_start|>"), .text("assistant\n"),
        ]),
        parallel: TagPair("Parallel"),
        outlines: TagPair("Outlines"),
        outline: TagPair("Outline"),
        thread: TagPair("Thread"),
        conclusion: Conclusion(TagPair("Conclusion")),
        think: TagPair("think"),
        answer: .boxed,
        ends: ["<|im_end|>", "<|endoftext|>"],
        separator: "\n",
        threadSeed: TokenText([.text("\n"), .control("<Thread>"), .text("\n{n}:")]),
        laterJoinedSeed: TokenText([.control("<Thread>"), .text("\n{n}:")]),
        cutThreadEnd: TokenText([.text("\n"), .control("</Thread>")]),
        threadsEnd: TokenText([.text("\n")]),
        shows: .wholeThreads,
        join: .reprefill,
        maximumOutlines: 50
    )
}
