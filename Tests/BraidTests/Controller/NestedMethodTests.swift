import Synchronization
import Testing

@testable import Braid

@Suite("A thread may run a method of its own")
struct NestedMethodTests {
    @Test("threads of a fork, on the same budget, on record below their path")
    func adaptive() async throws {
        let engine = ScriptedEngine([
            "<Question>q</Question>":
                "<Parallel><Outlines><Outline>1: left</Outline><Outline>2: right</Outline></Outlines>",
            "<Question>left</Question>": "<Parallel><Outlines><Outline>1: deep</Outline></Outlines>",
            "<Question>right</Question>": " w w<Answer> R</Answer>",
            "<Thread>1: deep\n": "<Return> D</Return></Thread>",
            "<Return>1: D</Return></Parallel>": "<Answer> L</Answer>",
            "<Return>1: L</Return><Return>2: R</Return></Parallel>": "<Answer> both</Answer>",
        ])
        let run = try ReasoningRun(
            "q", by: Adaptive(), on: engine, controller: ControllerPolicy(methods: [1: Adaptive()]))
        let outcome = try await run.answer()
        #expect(outcome.answer.text == "both")
        #expect(outcome.metrics.threads == 3)
        #expect(outcome.metrics.maximumDepth == 2)
        #expect(run.state.withLock { $0.ledger.usedTokens } == outcome.metrics.totalTokens)
        #expect(run.state.withLock { $0.ledger.usedThreads } == outcome.metrics.threads)
        #expect(engine.state.withLock { $0.openContexts } == 0)
        var paths: Set<String> = []
        func collect(_ thread: ReasoningThread) {
            #expect(thread.outcome == .finished, "\(thread.id)")
            paths.insert(thread.id)
            for case .fork(let fork) in thread.steps { for child in fork.threads { collect(child) } }
        }
        collect(outcome.trajectory.root)
        #expect(paths == ["0", "0.1", "0.2", "0.1.1"])
        var heard: Set<String> = []
        for await event in run.events {
            if case .token(let thread, _, _) = event { heard.insert(thread) }
        }
        #expect(heard == paths)
    }

    @Test("parts of a plan, each by its own method; depth and budget hold")
    func plan() async throws {
        let engine = ScriptedEngine.prompted { prompt in
            if prompt.hasPrefix("find x") { return ScriptedEngine.Reply("x = 5") }
            if prompt.hasPrefix("find y") { return ScriptedEngine.Reply(String(repeating: " w", count: 500)) }
            if prompt.hasPrefix("add x and y\n[1 x = 5][2 none]") { return "x = 5 alone" }
            return AdaptivePlanTests.script(prompt)
        }
        let alone = ScriptedMethod { question, run in
            let completion = try await run.ask(PromptedCall("alone", Prompt([.init(.user, question.text)]), after: []))[
                0]
            return Answer(text: completion.outcome == .finished ? completion.trimmed : nil, outcome: completion.outcome)
        }
        let outcome = try await ReasoningRun.answer(
            AdaptivePlanTests.question, by: try AdaptivePlan(prompts: AdaptivePlanTests.prompts), on: engine,
            budget: try Budget(tokensPerThread: 50), controller: ControllerPolicy(methods: [1: alone]))
        #expect(outcome.answer.text == "12")
        #expect(engine.state.withLock { $0.prompts.last }?.contains("[2 none]") == true)
        #expect(outcome.metrics.maximumDepth == 2)
        #expect(engine.state.withLock { $0.openContexts } == 0)
    }

    @Test("what is set aside is given back, and never more than there is")
    func reservations() throws {
        var ledger = BudgetLedger(try Budget(maximumThreads: 5, maximumDepth: 2, tokensPerThread: 60, totalTokens: 100))
        let reserved = ledger.reserve(depth: 1)
        let first = try #require(reserved)
        #expect(first == BudgetReservation(tokens: 60, threads: 3))
        let next = ledger.reserve(depth: 1)
        let second = try #require(next)
        #expect(second == BudgetReservation(tokens: 20, threads: 1))
        let third = ledger.reserve(depth: 1)
        #expect(third == nil)
        ledger.settle(first, tokens: 10, threads: 1, prefilled: 7)
        ledger.settle(second, tokens: 20, threads: 0, prefilled: 0)
        #expect(ledger.usedTokens == 30)
        #expect(ledger.usedThreads == 1)
        #expect(ledger.prefilledTokens == 7)
        let deep = ledger.reserve(depth: 2)
        #expect(deep == BudgetReservation(tokens: 50, threads: 0))
    }
}
