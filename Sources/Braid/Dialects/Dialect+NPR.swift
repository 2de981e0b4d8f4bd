extension Dialect {
    /// The dialect of the Native Parallel Reasoner (arXiv 2512.07461; `npr-beta/train/utils.py`, lines 20-55 and 79-396,
    /// and its engine's `schedule_batch.py`, lines 723-747 and 1585-1625).
    ///
    /// A guideline of at most five plans, a step for each, a takeaway; nothing but white space between blocks, and no
    /// nesting. There is no tag around the whole block: it begins with the guideline and ends with the takeaway. Joins and
    /// positions are Multiverse's. A fork with fewer than 1024 tokens left is not taken.
    ///
    /// Deviations: those of ``multiverse``, and
    /// - text before a block is counted as malformed, not forbidden by the grammar, which does not see what a text says;
    /// - a sixth plan is malformed and dropped; what follows is the method's decision (``NPR``);
    /// - the `<think>` pair of their models that are not Qwen3's is left out.
    public static let npr = Dialect(
        name: "npr",
        promptStart: TokenText([.control("<|im_start|>"), .text("user\n")]),
        promptEnd: TokenText([
            .control("<|im_end|>"), .text("\n"), .control("<|im_start|>"), .text("assistant\n"),
        ]),
        outlines: TagPair("guideline"),
        outline: TagPair("plan"),
        thread: TagPair("step"),
        conclusion: Conclusion(TagPair("takeaway")),
        answer: .boxed,
        ends: ["<|im_end|>", "<|endoftext|>"],
        separator: "\n",
        forkText: TokenText([.text("\n")]),
        threadSeed: TokenText([.control("<step>"), .text("\n{n}:")]),
        cutThreadEnd: TokenText([.text("\n"), .control("</step>")]),
        threadTail: TokenText([.text("\n")]),
        threadsEnd: TokenText([.control("<takeaway>"), .text("\n")]),
        shows: .wholeThreads,
        join: .stitch,
        maximumOutlines: 5,
        minimumForkTokens: 1024,
        allowsTextBeforeBlocks: false
    )
}
