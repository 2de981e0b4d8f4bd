/// ThreadWeaver (arXiv 2512.07843): the adaptive loop with its dialect, its cap and its failure policy.
///
/// After its rollout controller (`single_turn_agent_loop.py`, lines 124-311): generate to `</Outlines>`, run one thread
/// per outline, append the threads in outline order, let the model close the block, at most 32 state transitions; a
/// thread that does not end by itself is closed, and the response ends there without an answer.
///
/// Deviations:
/// - The control grammar holds on engines that mask tokens; theirs decodes freely.
/// - Threads have a token budget of their own; theirs share the response's.
/// - Dotted outline numbers (`1.2`) are malformed here; their models do not write them.
/// - An engine's error on the main line is reported; theirs falls back to one plain completion.
/// - A last `</Parallel>` is not appended after a failed thread, because nothing is decoded after it.
public struct ThreadWeaver: ReasoningMethod {
    /// `threadweaver`.
    public let name = "threadweaver"
    /// ``Dialect/threadWeaver``.
    public let dialect = Dialect.threadWeaver
    /// It does.
    public let answersOnMainLine = true

    /// Most sequential and parallel phases of one response.
    private static let maximumTransitions = 32

    /// Creates the method.
    public init() {}

    /// Decodes the response, phase by phase.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open()
        var transitions = 0
        while transitions < Self.maximumTransitions, let outlines = try await run.decode(main) {
            let threads = try await run.fork(main, into: outlines) { _ = try await run.decode($0) }
            try await run.join(threads, into: main)
            if let failed = threads.first(where: { $0.outcome != .finished }) {
                let why = failed.outcome?.description ?? "unknown"
                return Answer(text: nil, outcome: .failed("thread \(failed.id): \(why)"))
            }
            transitions += 2
        }
        if main.outcome == nil {
            return Answer(text: nil, outcome: .failed("more than \(Self.maximumTransitions) phases"))
        }
        return run.answer(in: main)
    }
}
