/// Forks and joins as the model decides, in the words of its dialect: the default method.
///
/// A line is decoded until its outlines are written; each outline becomes a thread, which may itself fork where the
/// dialect nests; the join shows the parent what the dialect says, and the parent goes on.
public struct Adaptive: ReasoningMethod {
    /// `adaptive`.
    public let name = "adaptive"
    /// The dialect it speaks.
    public let dialect: Dialect
    /// It does.
    public let answersOnMainLine = true

    /// Creates the method.
    public init(dialect: Dialect = .braid) {
        self.dialect = dialect
    }

    /// Decodes the main line with everything that it forks into.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open()
        try await reason(main, in: run)
        return run.answer(in: main)
    }

    private func reason(_ line: LiveThread, in run: ReasoningRun) async throws {
        while let outlines = try await run.decode(line) {
            let threads = try await run.fork(line, into: outlines) { thread in
                try await reason(thread, in: run)
            }
            try await run.join(threads, into: line)
        }
    }
}
