import Braid
import BraidStore
import Foundation

/// Records with everything that a record can have, drawn by a seed.
struct RandomRecord {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Texts that break what is not careful: quotes, wildcards, zero characters, other scripts, nothing.
    mutating func text() -> String {
        let parts = [
            "12 + 30", "", "\0", "it's \"so\"", "100 %", "a_b", "\\", "Ärger", "数学", "👩🏽‍🔬", "\u{301}", "\r\n", "\u{2028}",
            "'); DROP TABLE run; --", "NEAR(a b)", "x* OR y", "<Parallel>",
        ]
        return (0..<Int.random(in: 0...4, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
            .joined(separator: " ")
    }

    mutating func outcome() -> ThreadOutcome {
        let all: [ThreadOutcome] = [
            .finished, .tokenLimit, .contextFull, .timedOut, .cancelled, .failed(text()), .malformed(text()),
        ]
        return all.randomElement(using: &random) ?? .finished
    }

    mutating func trajectory() -> Trajectory {
        let text = text()
        var trajectory = Trajectory(
            question: Question(self.text()), dialect: "braid", method: "adaptive", model: "m", engine: "e",
            seed: random.next(), answer: Bool.random(using: &random) ? Answer(text: text, outcome: outcome()) : nil,
            verified: [true, false, nil].randomElement(using: &random) ?? nil, root: thread("0", depth: 0),
            malformedCount: Int.random(in: 0...3, using: &random), cutCount: 1, seconds: number())
        trajectory.decisions = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            ControllerDecision(
                thread: "0.1", action: ControllerDecision.Action.allCases.randomElement(using: &random) ?? .join,
                reason: self.text(), seconds: number())
        }
        return trajectory
    }

    mutating func events(from sequence: Int, count: Int) -> [StoredEvent] {
        (0..<count).map { StoredEvent(sequence: sequence + $0, type: "token", data: text()) }
    }

    mutating func number() -> Double { Double.random(in: 0...1000, using: &random) }

    private mutating func thread(_ id: String, depth: Int) -> ReasoningThread {
        var steps: [ReasoningThread.Step] = []
        for place in 0..<Int.random(in: 0...3, using: &random) {
            if depth < 3, Bool.random(using: &random) {
                let threads = (1...2).map { thread("\(id).\(place * 2 + $0)", depth: depth + 1) }
                let text = text()
                steps.append(
                    .fork(
                        Fork(
                            outlines: [Outline(number: 1, after: [], text: text)], threads: threads,
                            join: [.reprefill, .stitch, nil].randomElement(using: &random) ?? nil, outlineTokens: 3)))
            } else {
                let tokens = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                    TokenID.random(in: 0...70_000, using: &random)
                }
                let scores: [Float] = tokens.map { _ in
                    Bool.random(using: &random) ? -.infinity : Float.random(in: -20...0, using: &random)
                }
                steps.append(
                    .segment(
                        Segment(
                            origin: .model, text: text(), tokenCount: tokens.count, tokens: tokens,
                            logProbabilities: scores, start: number(), end: number())))
            }
        }
        return ReasoningThread(
            id: id, outline: Outline(number: 1, after: [2], text: text()), steps: steps, outcome: outcome(),
            returned: Bool.random(using: &random) ? text() : nil)
    }

}
