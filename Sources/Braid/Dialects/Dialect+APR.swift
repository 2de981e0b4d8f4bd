extension Dialect {
    /// The dialect of the APR method's Countdown models (arXiv 2504.15466, section 3.2; `parallel_infernce_utils.py` and
    /// `eval_apr.py`, lines 187-290): plain text lines, no special tokens.
    ///
    /// The question is the target and the numbers, as `24:[4, 9, 3, 7]`. A list of nodes spawns one thread for each; a
    /// thread sees the state of its node and nothing of its parent; the parent sees the winning path of a thread that
    /// found one. Only the main line spawns.
    ///
    /// Deviations:
    /// - Theirs may spawn any number of threads; here 64 is the most.
    public static let apr = Dialect(
        name: "apr",
        promptStart: TokenText([.control("<s>"), .text("Moving to Node #0\nCurrent State: ")]),
        promptEnd: TokenText([.text(", Operations: []")]),
        forkPoint: .messages(
            MessageSyntax(
                list: TagPair(open: "<Calling Sub Searches>", close: "<End Calling Sub Searches>"),
                message: "<Start Sub Search {n} at level 1> Moving to ",
                joined: TagPair(open: "<Sub Searches>", close: "<End Sub Searches>"),
                returned: "<Goal Reached in Sub Search {n} at level 1 at {message}>",
                failed: "<No Solution in Sub Search {n} at level 1 at {message}>",
                childPrompt: TokenText([
                    .control("<s>"), .text("Moving to {message}\nCurrent State: {state}"),
                ]),
                marker: "Goal Reached")),
        answer: .message,
        ends: ["</s>"],
        shows: .returns,
        join: .reprefill,
        maximumOutlines: 64
    )
}
