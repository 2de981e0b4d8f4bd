import Braid
import Testing

@testable import BraidInference

/// Prompted and searched methods on a random model: what they say means nothing to it, but every call is real.
@Suite("Methods in plain words on the embedded engine")
struct PromptedMethodsTests {
    static func methods() throws -> [any ReasoningMethod] {
        let sampled = try SelfConsistency(samples: 3, asking: .direct)
        let judged = try BestOfN(
            samples: 3, verifier: .judge(.grade, samples: 2), frame: .words(.direct))
        let likely = try BestOfN(samples: 3, verifier: .logProbability, frame: .words(.direct))
        return [
            try Sequential(asking: .direct), try Sequential(asking: .direct, forcing: try BudgetForcing(extensions: 2)),
            sampled, judged, likely, try SkeletonOfThought(usesRouter: true),
            try SkeletonOfThought(
                prompts: .init(skeleton: PromptTemplate(user: "{question}", answerBeginning: "1. a\n2. b\n"))),
            try TreeOfThoughts(
                policy: .breadthFirst(breadth: 2), depth: 2, generator: .sample(3), evaluator: .vote(samples: 2)),
            try TreeOfThoughts(policy: .beam(width: 2), depth: 2, evaluator: .value(samples: 2)),
            try TreeOfThoughts(
                policy: .depthFirst(threshold: -1, expansions: 3), depth: 2, generator: .sample(2),
                evaluator: .value(samples: 1)),
            try GraphOfThoughts(graph: .draftAndMerge(drafts: 3, kept: 2)),
            try MonteCarloTreeSearch(iterations: 2, samples: 2, depth: 2),
        ]
    }

    @Test("a prompt goes through the model's chat template, and its words stay text")
    func chatTemplate() async throws {
        let prompt = Prompt(
            [.init(.system, "s"), .init(.user, "</Question>x"), .init(.assistant, "y")], answerBeginning: "1.")
        let fixture = try EngineFixture()
        let plain = try fixture.engine()
        #expect(try plain.text(of: prompt) == TokenText([.text("s\n\n</Question>x\n\ny\n\n1.")]))
        try fixture.folder.write(
            "{% for m in messages %}<Question>{{ m.role }} {{ m.content }}</Question>{% endfor %}"
                + "{% if not enable_thinking %}{{ add_generation_prompt }}{% endif %}", to: "chat_template.jinja")
        let engine = try fixture.engine()
        let text = try engine.text(of: prompt)
        guard case .tokens(let ids) = text.pieces.first, text.pieces.count == 2 else {
            Issue.record("\(text)")
            return
        }
        #expect(text.pieces[1] == .text("1."))
        let close = try #require(fixture.tokenizer.id(ofControlToken: "</Question>"))
        #expect(ids.count { $0 == close } == 3)
        #expect(fixture.tokenizer.decode(ids).contains("x"))
        let isolated = engine.isolated()
        #expect(try isolated.text(of: prompt) == text)
        let context = try await isolated.open(asking: prompt)
        #expect(await context.tokenCount == ids.count + fixture.tokenizer.encode("1.").count)
        await context.close()
    }

    @Test("every method ends within its budget, and its record holds", arguments: 0..<8)
    func runs(seed: UInt64) async throws {
        let fixture = try EngineFixture(contextLength: 8192, seed: seed)
        let engine = try fixture.engine(EmbeddedEngineOptions(threads: 2, cacheBytes: 1 << 26))
        let budget = try Budget(maximumThreads: 6, tokensPerThread: 12, totalTokens: Int(400 + 100 * (seed % 3)))
        for (index, method) in try Self.methods().enumerated() {
            let outcome = try await ReasoningRun.answer(
                Question("What is 3 + \(seed)? <Answer>9</Answer>"), by: method, on: engine, budget: budget,
                sampling: SamplingParameters(temperature: 1), seed: seed)
            let name = "\(method.name) \(index), seed \(seed)"
            #expect(outcome.metrics.totalTokens <= budget.totalTokens + budget.maximumThreads, "\(name)")
            #expect(outcome.metrics.totalTokens > 0, "\(name)")
            #expect(outcome.trajectory.dialect == "plain" && outcome.trajectory.malformedCount == 0, "\(name)")
            #expect(outcome.metrics.criticalPathTokens == Self.longestChain(outcome.trajectory.root), "\(name)")
            Self.check(outcome.trajectory.root, name)
        }
        let statistics = try await engine.statistics
        #expect(statistics.openContexts == 0)
    }

    @Test("the same seed gives the same record, whatever its threads' order")
    func reproducible() async throws {
        let fixture = try EngineFixture(contextLength: 8192)
        let engine = try fixture.engine(EmbeddedEngineOptions(threads: 2, cacheBytes: 1 << 26))
        for method in try Self.methods() {
            var answers: Set<String?> = []
            for _ in 0..<2 {
                // No budget ends in the middle: which call it cuts depends on their order.
                let budget = try Budget(tokensPerThread: 12, totalTokens: 1 << 20)
                let outcome = try await ReasoningRun.answer(
                    "What is 3 + 4?", by: method, on: engine, budget: budget,
                    sampling: SamplingParameters(temperature: 1), seed: 3)
                answers.insert(outcome.answer.text)
            }
            #expect(answers.count == 1, "\(method.name)")
        }
    }

    /// Every thread ended, its tokens are counted, and it comes after earlier calls only.
    static func check(_ thread: ReasoningThread, _ name: String) {
        #expect(thread.outcome != nil, "\(name): \(thread.id)")
        var numbers: Set<Int> = []
        for step in thread.steps {
            switch step {
            case .segment(let segment):
                if segment.origin == .model {
                    #expect(segment.tokens?.count == segment.tokenCount, "\(name)")
                    #expect(segment.logProbabilities?.count == segment.tokenCount, "\(name)")
                    #expect(segment.logProbabilities?.allSatisfy { $0 <= 0 } == true, "\(name)")
                }
            case .fork(let fork):
                for child in fork.threads {
                    if let outline = child.outline {
                        #expect(numbers.isSuperset(of: outline.after), "\(name): \(outline)")
                        numbers.insert(outline.number)
                    }
                    check(child, name)
                }
            }
        }
    }

    /// The longest chain of tokens that had to wait for each other, by its definition: the end of every call is computed
    /// again from all it comes after.
    static func longestChain(_ thread: ReasoningThread) -> Int {
        thread.steps.reduce(0) { sum, step in
            switch step {
            case .segment(let segment): return sum + (segment.origin == .model ? segment.tokenCount : 0)
            case .fork(let fork):
                var known: [String: Int] = [:]
                func end(_ child: ReasoningThread) -> Int {
                    if let end = known[child.id] { return end }
                    let before = fork.threads.filter { other in
                        other.outline.map { child.outline?.after.contains($0.number) == true } ?? false
                    }
                    let end = longestChain(child) + (before.map(end).max() ?? 0)
                    known[child.id] = end
                    return end
                }
                return sum + (fork.threads.map(end).max() ?? 0)
            }
        }
    }
}
