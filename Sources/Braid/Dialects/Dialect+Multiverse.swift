extension Dialect {
    /// The dialect of Multiverse (arXiv 2506.09991; training code `train/utils.py`, prompts of its data pipeline, and its
    /// engine's `schedule_batch.py`, lines 696-719 and 1522-1647).
    ///
    /// A goal with outlines, a path for each, then a conclusion that attends to all paths without computing them again:
    /// every path starts at the position behind the newline after `</Goal>`, and the conclusion behind the longest. Blocks
    /// nest six deep in the engine, two in the data; nested outlines carry their path's number, as `1.2`. The runtime
    /// opens the conclusion, the model closes it and the block. A cut path is joined like the others. A fork with fewer
    /// than 30 tokens left is not taken.
    ///
    /// Deviations:
    /// - Positions follow the engine. In training `<Path>` has the position of the newline before it, and the conclusion
    ///   one less (`train/utils.py`, lines 182-253).
    /// - The newline after `</Goal>` and after each `</Path>` is put in by the runtime; their engine lets the model decode
    ///   it and never looks at it.
    /// - A path that was cut gets its closing tag, which theirs lacks.
    /// - More than 20 paths are logged there and nothing else; here 64 is the most.
    public static let multiverse = Dialect(
        name: "multiverse",
        promptStart: TokenText([.control("<|im_start|>"), .text("user\n")]),
        promptEnd: TokenText([
            .control("<|im_end|>"), .text("\n"), .control("<|im_start|>"), .text("assistant\n"),
        ]),
        parallel: TagPair("Parallel"),
        outlines: TagPair("Goal"),
        outline: TagPair("Outline"),
        thread: TagPair("Path"),
        conclusion: Conclusion(TagPair("Conclusion")),
        think: TagPair("Think"),
        answer: .boxed,
        ends: ["<|im_end|>", "<|endoftext|>"],
        separator: "\n",
        outlineStart: "\n",
        numbering: .dotted,
        forkText: TokenText([.text("\n")]),
        threadSeed: TokenText([.control("<Path>"), .text("\n{n}:")]),
        cutThreadEnd: TokenText([.text("\n"), .control("</Path>")]),
        threadTail: TokenText([.text("\n")]),
        threadsEnd: TokenText([.control("<Conclusion>"), .text("\n")]),
        shows: .wholeThreads,
        join: .stitch,
        maximumDepth: 6,
        maximumOutlines: 64,
        minimumForkTokens: 30
    )
}
