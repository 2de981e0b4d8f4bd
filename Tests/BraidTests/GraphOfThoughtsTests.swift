import Synchronization
import Testing

@testable import Braid

@Suite("Graph of Thoughts")
struct GraphOfThoughtsTests {
    typealias Node = GraphOfOperations.Node

    /// Drafts are numbered as they come; a merge lists what it was given; grades are the text's first digit.
    static func engine(
        onCall: @escaping @Sendable (ScriptedEngine.Call) async -> Void = { _ in }
    ) -> ScriptedEngine {
        let drafts = Mutex(0)
        return ScriptedEngine.prompted(onCall: onCall) { prompt in
            if prompt.contains("Grade how likely") {
                let thought = prompt.components(after: "to it:\n\n")
                return ScriptedEngine.Reply(" The grade is \(thought.first { $0.isNumber } ?? "0")")
            }
            if prompt.contains("valid or wrong") {
                return prompt.contains("fixed") ? " fine\nvalid" : " off by one\nwrong"
            }
            if prompt.contains("without its mistakes") {
                return ScriptedEngine.Reply(prompt.contains("off by one") ? " 9 fixed\nAnswer: 9" : " 8 better")
            }
            if prompt.contains("Combine what is right") { return " 5 merged\nAnswer: 5" }
            return drafts.withLock { drafts in
                drafts += 1
                return ScriptedEngine.Reply(" \(drafts) draft\nAnswer: \(drafts)")
            }
        }
    }

    @Test("the standard graph, step by step")
    func draftAndMerge() async throws {
        let engine = Self.engine()
        let method = try GraphOfThoughts(graph: try .draftAndMerge(drafts: 3, kept: 2))
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        #expect(outcome.answer == Answer(text: "9"))
        #expect(
            outcome.calls
                == [
                    "draft 1", "grade drafts 1 <- 1", "grade drafts 2 <- 1", "grade drafts 3 <- 1",
                    // The best two of the drafts, with the calls that graded them.
                    "merge <- 1,3,4", "grade merges 1 <- 5", "grade merges 2 <- 5",
                    "refine 1 validate <- 5,6", "refine 1 <- 5,6,8", "refine 1 validate <- 9",
                ].enumerated().map { index, call in
                    // Which drafts are best depends on the order in which samples were drawn.
                    index == 4 ? outcome.calls[4] : call
                })
        #expect(outcome.calls[4].hasPrefix("merge <- 1,"))
        checkRecord(outcome, engine: engine)
    }

    @Test("independent operations run at the same time")
    func width() async throws {
        let graph = try GraphOfOperations([
            Node("left", .generate(1)), Node("right", .generate(1)),
            Node("both", .aggregate(1), after: ["left", "right"]),
        ])
        // Each branch waits until the other one has begun.
        let count = Mutex(0)
        let parallel = ScriptedEngine.prompted(
            onCall: { call in
                guard case .token(" draft") = call else { return }
                count.withLock { $0 += 1 }
                while count.withLock({ $0 }) < 2, !Task.isCancelled { await Task.yield() }
            },
            script: { $0.contains("Combine") ? " both\nAnswer: 3" : " draft" })
        let outcome = try await ReasoningRun.answer("q", by: try GraphOfThoughts(graph: graph), on: parallel)
        #expect(outcome.answer == Answer(text: "3"))
        #expect(outcome.calls.last == "both <- 1,2")
        #expect(outcome.metrics.criticalPathTokens == 2 + 5)
        checkRecord(outcome, engine: parallel)
    }

    @Test("every operation")
    func operations() async throws {
        let engine = Self.engine()
        let graph = try GraphOfOperations([
            Node("draft", .generate(4)), Node("check", .groundTruth, after: ["draft"]),
            Node("right", .keepValid, after: ["check"]), Node("better", .improve, after: ["right"]),
            Node("grade", .score(samples: 2), after: ["better"]), Node("top", .keepBest(1), after: ["grade", "right"]),
        ])
        // Three is right, four is wrong, nobody knows about the others.
        let method = try GraphOfThoughts(
            graph: graph, check: { answer, _ in answer == "3" ? true : answer == "4" ? false : nil })
        let outcome = try await ReasoningRun.answer("q", by: method, on: engine)
        #expect(outcome.answer == Answer(text: "3"))
        #expect(outcome.calls.filter { $0.hasPrefix("better") } == ["better 1 <- 1", "better 2 <- 1", "better 3 <- 1"])
        #expect(outcome.calls.filter { $0.hasPrefix("grade") } == ["grade 1 <- 2", "grade 2 <- 3", "grade 3 <- 4"])
        checkRecord(outcome, engine: engine)
    }

    @Test("a budget that ends in the graph leaves the best thought there is, and says so", arguments: [10, 20, 30, 45])
    func cut(tokens: Int) async throws {
        let engine = Self.engine()
        let method = try GraphOfThoughts(graph: try .draftAndMerge(drafts: 3, kept: 2))
        let outcome = try await ReasoningRun.answer(
            "q", by: method, on: engine, budget: try Budget(totalTokens: tokens))
        #expect(outcome.answer.outcome == .tokenLimit)
        #expect(outcome.answer.text != nil)
        #expect(outcome.metrics.totalTokens <= tokens)
        checkRecord(outcome, engine: engine)
    }
}
