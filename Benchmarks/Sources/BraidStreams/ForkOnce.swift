import Braid

/// Forks once and answers.
struct ForkOnce: ReasoningMethod {
    let name = "fork-once"
    let dialect = Dialect.braid
    let answersOnMainLine = true
    let width: Int

    func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        let main = try await run.open()
        if width > 0 {
            let outlines = (1...width).map { Outline(number: $0, text: " part \($0)") }
            let threads = try await run.fork(main, into: outlines) { _ = try await run.decode($0) }
            try await run.join(threads, into: main)
        }
        _ = try await run.decode(main)
        return run.answer(in: main)
    }
}
