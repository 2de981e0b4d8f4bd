import Braid
import Testing

@Suite("Events for a slow reader")
struct ReasoningEventsTests {
    @Test("tokens beyond the buffer are dropped and counted, nothing else is")
    func drops() async throws {
        let words = String(repeating: " w", count: 6000)
        let engine = ScriptedEngine(["</Question>": ScriptedEngine.Reply(words + "<Answer> 1</Answer>")])
        let run = try ReasoningRun("q", by: Adaptive(), on: engine)
        let outcome = try await run.answer()
        var tokens = 0
        var dropped = 0
        var last: ReasoningEvent?
        for await event in run.events {
            if case .token = event { tokens += 1 }
            if case .tokensDropped(let count) = event { dropped += count }
            last = event
        }
        #expect(tokens + dropped == outcome.metrics.totalTokens)
        #expect(dropped > 0)
        #expect(last == .answered(Answer(text: "1")))
    }

    @Test("a reader that is cancelled stops waiting")
    func cancelledReader() async throws {
        let engine = ScriptedEngine { _ in "" }
        let run = try ReasoningRun("q", by: Adaptive(), on: engine)
        let reader = Task {
            var count = 0
            for await _ in run.events { count += 1 }
            return count
        }
        reader.cancel()
        #expect(await reader.value == 0)
    }
}
