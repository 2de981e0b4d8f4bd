import Braid

/// Forks once, into as many threads as it is told, and answers.
struct WideFork: ReasoningMethod {
    let name = "wide-fork"
    let dialect = Dialect.braid
    let width: Int

    func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open()
        let outlines = (1...width).map { Outline(number: $0, text: " part \($0)") }
        let threads = try await run.fork(main, into: outlines) { _ = try await run.decode($0) }
        try await run.join(threads, into: main)
        _ = try await run.decode(main)
        return run.answer(in: main)
    }
}
