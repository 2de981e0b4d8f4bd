import Braid
import BraidStore
import Foundation

extension StoredRun {
    /// A run that begins, for tests that care about little of it.
    static func fixture(
        _ id: String, owner: String = "", at seconds: Double = 1_800_000_000, question: String = "q",
        method: String = "adaptive", model: String = "m"
    ) -> StoredRun {
        StoredRun(
            id: id, owner: owner, created: Date(timeIntervalSince1970: seconds), question: question, method: method,
            model: model, engine: "e")
    }
}

extension Trajectory {
    /// A small record.
    static func fixture(answer: String? = "1", text: String = "t") -> Trajectory {
        Trajectory(
            question: "q", dialect: "braid", method: "adaptive", model: "m", engine: "e", seed: 1,
            answer: Answer(text: answer), verified: true,
            root: ReasoningThread(
                id: "0", steps: [.segment(Segment(origin: .model, text: text, tokenCount: 2, start: 0, end: 1))],
                outcome: .finished), seconds: 1)
    }
}
