import Braid
import Testing

@testable import BraidCLI

@Suite("Lanes as plain lines")
struct LaneLogTests {
    private func lines(_ events: [ReasoningEvent]) -> [String] {
        var log = LaneLog()
        return events.compactMap { log.line(for: $0) }
    }

    @Test("threads started, finished with their return, and joined")
    func golden() {
        let outline = Outline(number: 1, text: " 12 + 30")
        let token = DecodedToken(id: 0, text: "42")
        #expect(
            lines([
                .runStarted(question: "q", method: "adaptive", model: "m"),
                .prefilled(thread: "0", tokens: 4),
                .forked(thread: "0", outlines: [outline], into: ["0.1"]),
                .threadStarted(thread: "0.1", outline: outline),
                .token(thread: "0.1", token: token), .token(thread: "0.1", token: token),
                .threadFinished(thread: "0.1", outcome: .finished, returned: " 42\n"),
                .joined(thread: "0", threads: ["0.1"], tokens: 6),
                .malformed(thread: "0", what: .strayText),
                .threadFinished(thread: "0", outcome: .finished, returned: nil),
                .answered(Answer(text: "47")),
            ]) == [
                "thread 0.1 started: 12 + 30",
                "thread 0.1 finished (2 tokens): 42",
                "1 thread joined into the main line",
                "thread 0 malformed: \(MalformedStructure.strayText.description)",
            ])
    }

    @Test("a count that misses tokens is left out")
    func gaps() {
        #expect(
            lines([
                .runStarted(question: "q", method: "m", model: "m"),
                .forked(thread: "0", outlines: [], into: ["0.1"]),
                .threadStarted(thread: "0.1", outline: nil),
                .tokensDropped(count: 5),
                .threadFinished(thread: "0.1", outcome: .timedOut, returned: nil),
            ]) == ["thread 0.1 started", "thread 0.1 cut: the deadline passed"])
    }

    @Test("no escape code gets through")
    func harmless() {
        let outline = Outline(number: 1, text: "\u{1B}[31m\nred")
        let lines = lines([.threadStarted(thread: "0.1", outline: outline)])
        #expect(lines == ["thread 0.1 started: \u{FFFD}[31m red"])
    }
}
