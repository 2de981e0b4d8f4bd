extension Dialect {
    /// The dialect of ParaThinker (arXiv 2509.04475; `train_script.py`, `custom_data_collator.py`, and its engine's
    /// `single_step.py`), for DeepSeek-R1-Distill-Qwen models.
    ///
    /// Fixed phases: every question is thought about in so many independent paths, which all start at the same position
    /// behind the prompt, then one summary attends to all of them without computing them again. Path i stands between
    /// `<think{i}>` and `</think{i}>`, eight at most. The runtime opens the summary with fixed words.
    ///
    /// Deviations:
    /// - A path that would write another path's tags is kept from it by the grammar; theirs replaces the token.
    /// - A path that is stopped early has no closing tag and, unlike theirs, no padding to whole memory blocks.
    /// - The embedding that tells paths apart is the engine's matter, not the dialect's.
    public static let paraThinker = Dialect(
        name: "parathinker",
        promptStart: TokenText([.control("<｜begin▁of▁sentence｜>"), .control("<｜User｜>")]),
        promptEnd: TokenText([.control("<｜Assistant｜>"), .control("<think>")]),
        forkPoint: .start(threads: 8),
        thread: TagPair("think{n}"),
        conclusion: Conclusion(TagPair("summary")),
        answer: .boxed,
        ends: ["</summary>", "<｜end▁of▁sentence｜>"],
        threadSeed: TokenText([.control("<think{n}>")]),
        threadsEnd: TokenText([
            .control("<summary>"),
            .text("By analyzing multiple reasoning processes above, I concluded that: The final answer is"),
        ]),
        shows: .wholeThreads,
        join: .stitch,
        maximumOutlines: 8
    )
}
