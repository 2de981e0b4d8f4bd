import Braid
import Synchronization
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

    @Test("who takes events over gets each of them, in each thread's order")
    func handedOver() async throws {
        let engine = ScriptedEngine(AdaptiveTests.twoRounds)
        let run = try ReasoningRun("297 + 20 + 4 * 5", by: Adaptive(), on: engine)
        let taken = Mutex<[ReasoningEvent]>([])
        run.events.handOver { event in taken.withLock { $0.append(event) } }
        let outcome = try await run.answer()
        let events = taken.withLock { $0 }
        let tokens = events.compactMap { event -> String? in
            if case .token("0.1", let token, _) = event { token.control ?? token.text } else { nil }
        }
        #expect(tokens.joined() == " 297 and 20 is 317<Return> 317</Return></Thread>")
        #expect(events.count { if case .token = $0 { true } else { false } } == outcome.metrics.totalTokens)
        #expect(events.last == .answered(Answer(text: "337")))
        for await event in run.events { Issue.record("\(event) was kept as well") }
    }

    @Test("who takes events over is let go of at the run's end")
    func letGo() async throws {
        final class Follower: Sendable {}
        let run = try ReasoningRun("297 + 20 + 4 * 5", by: Adaptive(), on: ScriptedEngine(AdaptiveTests.twoRounds))
        weak var follower: Follower?
        do {
            let own = Follower()
            follower = own
            run.events.handOver { _ in withExtendedLifetime(own) {} }
        }
        #expect(follower != nil)
        _ = try await run.answer()
        #expect(follower == nil)
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
