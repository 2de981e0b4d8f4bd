import Braid
import Testing

@testable import BraidCLI

@Suite("The line of figures")
struct FiguresLineTests {
    private func thread(_ id: String, _ tokens: Int) -> ReasoningThread {
        ReasoningThread(
            id: id, outline: Outline(number: 1, text: "x"),
            steps: [.segment(Segment(origin: .model, text: "", tokenCount: tokens, start: 0, end: 0))])
    }

    private func trajectory(_ method: String, threads: [Int], verified: Bool?, cut: Int = 0) -> Trajectory {
        var root = thread("0", 10)
        if !threads.isEmpty {
            let threads = threads.enumerated().map { thread("0.\($0 + 1)", $1) }
            root.steps.append(.fork(Fork(outlines: [], threads: threads, join: nil, outlineTokens: 0)))
        }
        return Trajectory(
            question: "q", dialect: "braid", method: method, model: "m", engine: "e", seed: 0, verified: verified,
            root: root, cutCount: cut, seconds: 0.214)
    }

    @Test("golden")
    func golden() {
        #expect(
            "\(FiguresLine(trajectory("adaptive", threads: [20, 30, 40], verified: true)))"
                == "3 threads · 100 tokens · critical path 50 · ratio 2.0 · 0.21 s · "
                + "checked: right")
        #expect(
            "\(FiguresLine(trajectory("sequential", threads: [], verified: false)))"
                == "no threads · 10 tokens · 0.21 s · checked: wrong")
        #expect(
            "\(FiguresLine(trajectory("self-consistency", threads: [20, 30], verified: nil, cut: 1)))"
                == "2 samples · 60 tokens · critical path 40 · 1 cut · 0.21 s · not checked")
    }
}
