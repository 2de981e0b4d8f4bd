extension Dialect {
    /// The dialect of Parallel-R1 (arXiv 2509.07980; `parallel_thinking_loop_v3.py`, lines 334-424), as its released
    /// rollout runs it and its "Seen" models were trained: plain causal attention over the joined text.
    ///
    /// No outlines: `<Parallel>` forks into two paths that only their draws tell apart; the runtime closes the block and
    /// opens the summary behind it, which the model closes. A path without its closing tag gets one, in place of the end
    /// of text if it wrote that.
    ///
    /// Deviations:
    /// - The prompt's frame is Qwen's chat template; theirs is plain text with instructions that the user writes here.
    public static let parallelR1 = Dialect(
        name: "parallel-r1",
        promptStart: TokenText([.control("<|im_start|>"), .text("user\n")]),
        promptEnd: TokenText([
            .control("<|im_end|>"), .text("\n"), .control("<|im_start|>"), .text("assistant\n"),
        ]),
        forkPoint: .blockOpening(threads: 2),
        parallel: TagPair("Parallel"),
        thread: TagPair("Path"),
        conclusion: Conclusion(TagPair("Summary"), isAfterBlock: true),
        answer: .boxed,
        ends: ["<|im_end|>", "<|endoftext|>"],
        separator: "\n",
        threadSeed: TokenText([.control("<Path>")]),
        cutThreadEnd: TokenText([.control("</Path>")]),
        threadsEnd: TokenText([.control("</Parallel>"), .text("\n"), .control("<Summary>")]),
        shows: .wholeThreads,
        join: .reprefill,
        maximumOutlines: 64
    )

    /// ``parallelR1`` as its "Unseen" models were trained (`parallel_thinking_sft_dataset.py`, lines 125-295): paths do not
    /// see each other, all start at the same position, and `</Parallel>` goes on behind the longest.
    ///
    /// Deviation: the released rollout joins these models causally too, unlike their training; here join and training
    /// agree.
    public static let parallelR1Unseen: Dialect = {
        var dialect = Dialect.parallelR1
        dialect.name = "parallel-r1-unseen"
        dialect.join = .stitch
        return dialect
    }()
}
