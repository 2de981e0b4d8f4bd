import Braid
import Synchronization
import Testing

@Suite("Cancelling leaves a partial record and no open context")
struct CancellationTests {
    /// Lets an engine cancel the task that runs it.
    final class Switch: Sendable {
        private struct State {
            var task: Task<RunOutcome, any Error>?
            var isOff = false
        }
        private let state = Mutex(State())

        func connect(_ task: Task<RunOutcome, any Error>) {
            let isOff = state.withLock { state in
                state.task = task
                return state.isOff
            }
            if isOff { task.cancel() }
        }

        func off() {
            let task = state.withLock { state in
                state.isOff = true
                return state.task
            }
            task?.cancel()
        }
    }

    static let calls: [ScriptedEngine.Call] = [
        .token(" Split."), .fork, .token(" four"), .join, .token(" Again."), .token("<Answer>"),
    ]

    @Test("at the fork, in a thread, at the join, on the main line", arguments: calls)
    func cancelling(at call: ScriptedEngine.Call) async throws {
        let off = Switch()
        let script = AdaptiveTests.twoRounds
        let engine = ScriptedEngine(
            onCall: { made in
                if made == call {
                    off.off()
                    // The test connects the task at once; the engine goes on only when it is cancelled.
                    while !Task.isCancelled { await Task.yield() }
                }
            },
            script: { context in
                script.filter { context.hasSuffix($0.key) }.max { $0.key.count < $1.key.count }?.value ?? ""
            })
        let run = try ReasoningRun("297 + 20 + 4 * 5", by: Adaptive(), on: engine)
        let task = Task { try await run.answer() }
        off.connect(task)
        let outcome = try await task.value
        #expect(outcome.answer == Answer(text: nil, outcome: .cancelled))
        #expect(outcome.trajectory.root.outcome == .cancelled)
        #expect(outcome.metrics.totalTokens > 0)
        #expect(engine.state.withLock { $0.openContexts } == 0)
        for thread in AdaptiveTests.outcomes(outcome) {
            #expect(thread == .finished || thread == .cancelled)
        }
        var last: ReasoningEvent?
        for await event in run.events { last = event }
        #expect(last == .answered(outcome.answer))
    }

    @Test("a tree of depth 2 with 8 threads each, at any token", arguments: 0..<100)
    func wideTree(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let off = Switch()
        let limit = Int.random(in: 1...900, using: &random)
        let count = Mutex(0)
        let outlines = (1...8).map { "<Outline>\($0): x</Outline>" }.joined()
        let block = ScriptedEngine.Reply("<Parallel><Outlines>\(outlines)</Outlines>")
        let engine = ScriptedEngine(
            onCall: { _ in
                let isLimit = count.withLock { count in
                    count += 1
                    return count == limit
                }
                if isLimit { off.off() }
            },
            script: { context in
                if context.hasSuffix("</Parallel>") {
                    let isThread = context.contains("<Thread>")
                    return isThread ? "<Return> R</Return></Thread>" : "<Answer> A</Answer>"
                }
                let depth = context.split(separator: "<Thread>").count - 1
                return depth < 2 ? block : "<Return> r</Return></Thread>"
            })
        let run = try ReasoningRun("q", by: Adaptive(), on: engine, budget: try Budget(maximumThreads: 100))
        let task = Task { try await run.answer() }
        off.connect(task)
        let outcome = try await task.value
        #expect(outcome.answer.outcome == .cancelled || outcome.answer.text == "A", "seed \(seed)")
        #expect(engine.state.withLock { $0.openContexts } == 0, "seed \(seed)")
        #expect(engine.state.withLock { $0.violations }.isEmpty, "seed \(seed)")
    }

    @Test("before it starts")
    func beforeStart() async throws {
        let engine = ScriptedEngine(AdaptiveTests.twoRounds)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await ReasoningRun.answer("297 + 20 + 4 * 5", by: Adaptive(), on: engine)
        }
        #expect(try await task.value.answer.outcome == .cancelled)
        #expect(engine.state.withLock { $0.prompts }.isEmpty)
    }

    @Test("an engine's error on the main line is thrown, and the record stays")
    func engineError() async throws {
        let engine = ScriptedEngine(["</Question>": ScriptedEngine.Reply(" a b", error: EngineError.failed("boom"))])
        let run = try ReasoningRun("q", by: Adaptive(), on: engine)
        await #expect(throws: EngineError.failed("boom")) { try await run.answer() }
        #expect(run.trajectory.root.outcome == .failed("the engine failed: boom"))
        #expect(TrajectoryMetrics(run.trajectory).totalTokens == 2)
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }
}
