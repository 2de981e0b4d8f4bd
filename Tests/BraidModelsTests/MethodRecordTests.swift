import Braid
import BraidEvaluation
import BraidInference
import BraidModels
import Testing

/// Real runs of every method that forks by a dialect's tags, or draws whole answers in one: each record must say what its
/// lines' own words say.
@Suite("Records of real runs are what their grammars allow")
struct MethodRecordTests {
    /// A method with what it runs on.
    struct Case: Sendable, CustomTestStringConvertible {
        var method: any ReasoningMethod
        var model: BuiltInModel
        var temperature: Double
        var testDescription: String { method.name }

        /// Families that the method's model was told of.
        var tasks: [PuzzleTask] { TrajectoryForm.named(method.dialect.name)?.tasks ?? PuzzleTask.allCases }
    }

    static var cases: [Case] {
        get throws {
            [
                Case(method: Adaptive(), model: .puzzles, temperature: 0),
                Case(method: ThreadWeaver(), model: .puzzlesDialects, temperature: 0),
                Case(method: Multiverse(), model: .puzzlesDialects, temperature: 0.7),
                Case(method: NPR(), model: .puzzlesDialects, temperature: 0),
                Case(method: try ParallelR1(), model: .puzzlesDialects, temperature: 1),
                Case(method: try ParaThinker(paths: 3), model: .puzzlesDialects, temperature: 0.5),
                Case(method: try AdaptiveSpawnJoin(), model: .puzzlesDialects, temperature: 0),
                Case(method: Sequential(), model: .puzzlesSequential, temperature: 0),
                Case(method: try SelfConsistency(samples: 2), model: .puzzlesSequential, temperature: 0.7),
                Case(
                    method: try BestOfN(samples: 2, verifier: .logProbability), model: .puzzlesSequential,
                    temperature: 0.7),
            ]
        }
    }

    /// Runs a method on 100 held-out problems, spread over families.
    static func run(
        _ method: any ReasoningMethod, on engine: EmbeddedEngine, tasks: [PuzzleTask], temperature: Double,
        budget: Budget
    ) async throws -> [RunOutcome] {
        try await withThrowingTaskGroup(of: RunOutcome.self) { group in
            for index in 0..<100 as Range<UInt64> {
                let task = tasks[Int(index) % tasks.count]
                let problem = Problem.random(task: task, split: .heldOut, seed: 23, index: index)
                group.addTask {
                    try await ReasoningRun.answer(
                        Question(problem.question), by: method, on: engine, budget: budget,
                        sampling: SamplingParameters(temperature: temperature), seed: index)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("100 problems each", arguments: try Self.cases)
    func records(_ entry: Case) async throws {
        let engine = try EmbeddedEngine(contentsOf: entry.model.folder())
        let dialect = entry.method.dialect
        // Searches by messages write most, and NPR forks only with 1024 tokens left.
        let budget = try Budget(
            maximumThreads: 12, maximumDepth: 2, tokensPerThread: 350,
            totalTokens: dialect.messages == nil ? 1500 : 700)
        let outcomes = try await Self.run(
            entry.method, on: engine, tasks: entry.tasks, temperature: entry.temperature, budget: budget)
        var decoded = 0, forks = 0, finished = 0
        for outcome in outcomes {
            let trajectory = outcome.trajectory
            let place = RecordedLine.Place(mayFork: !(entry.method is Sequential))
            let main = try RecordedLine(trajectory.root, dialect, budget, at: place)
            let lines = main.all
            #expect(lines.reduce(0) { $0 + $1.malformed.count } == trajectory.malformedCount)
            if dialect.messages == nil { #expect(lines.flatMap(\.malformed) == []) }
            let sum = lines.reduce(0) { $0 + $1.decoded }
            #expect(outcome.metrics.totalTokens == sum)
            #expect(outcome.metrics.prefilledTokens == lines.reduce(0) { $0 + $1.prefilled })
            #expect(sum <= budget.totalTokens && outcome.metrics.threads <= budget.maximumThreads)
            #expect(outcome.metrics.criticalPathTokens <= sum)
            if dialect.forkPoint != .outlines || outcome.metrics.threads == 0, outcome.answer.outcome == .finished {
                #expect(outcome.answer.text == main.answer)
            }
            decoded += sum
            forks += outcome.metrics.forks
            if outcome.answer.outcome == .finished { finished += 1 }
        }
        let statistics = try await engine.statistics
        // A line that is cut or stopped, and one that ends at text and not at a token, leave tokens that nobody took.
        let isCut = outcomes.contains { $0.trajectory.cutCount > 0 }
        let leavesTokens = isCut || entry.method is ParaThinker || dialect.messages != nil
        #expect(leavesTokens ? statistics.decodedTokens >= decoded : statistics.decodedTokens == decoded)
        #expect(statistics.openContexts == 0)
        #expect(statistics.usedPages == 0)
        // Else nothing was looked at.
        #expect(finished >= 25)
        #expect(entry.method is Sequential ? forks == 0 : forks >= 25)
        print("\(entry.method.name): \(decoded) tokens, \(forks) forks, \(finished) of 100 finished")
    }

    @Test("100 problems of adaptive-plan: calls follow the plan")
    func plans() async throws {
        let engine = try EmbeddedEngine(contentsOf: BuiltInModel.puzzlesDialects.folder())
        let budget = try Budget(maximumThreads: 12, tokensPerThread: 350, totalTokens: 1500)
        let outcomes = try await Self.run(
            try AdaptivePlan(prompts: .compact), on: engine, tasks: PuzzleTask.allCases, temperature: 0, budget: budget)
        var decoded = 0, planned = 0
        for outcome in outcomes {
            let calls = outcome.trajectory.root.steps.flatMap { step -> [ReasoningThread] in
                if case .fork(let fork) = step { return fork.threads }
                Issue.record("the main line itself writes nothing")
                return []
            }
            let outlines = calls.compactMap(\.outline)
            #expect(outlines.map(\.number) == Array(1...calls.count))
            var sum = 0
            var subtasks: Set<Int>?
            for (call, outline) in zip(calls, outlines) {
                #expect(outline.after.allSatisfy { (1..<outline.number).contains($0) })
                let segments = call.steps.compactMap { if case .segment(let segment) = $0 { segment } else { nil } }
                #expect(segments.count == call.steps.count)
                #expect(segments.map(\.origin) == [.prompt, .model] || call.outcome != .finished)
                let tokens = segments.filter { $0.origin == .model }.reduce(0) { $0 + $1.tokenCount }
                #expect(segments.allSatisfy { $0.tokens.map(\.count) ?? $0.tokenCount == $0.tokenCount })
                sum += tokens
                let label = AnswerExtractor.trimmed(outline.text)
                let answers = label == "synthesis" || label == "answer"
                #expect(answers || tokens <= budget.tokensPerThread)
                switch call.outcome {
                case .finished, .tokenLimit, .contextFull: break
                default: Issue.record("\(call.id): \(String(describing: call.outcome))")
                }
                if label == "plan", let plan = try? PlanReader.read(call.returned ?? ""),
                    let repair = try? PlanRepair(plan, limit: budget.maximumThreads), repair.plan.subtasks.count > 1
                {
                    subtasks = Set(repair.plan.subtasks.map(\.id))
                } else if label.hasPrefix("subtask ") {
                    let id = try #require(Int(label.dropFirst("subtask ".count)))
                    #expect(subtasks?.contains(id) == true, "\(label)")
                } else {
                    #expect(answers || label == "plan", "\(label)")
                }
            }
            if outcome.answer.outcome == .finished, let last = calls.last {
                #expect(outcome.answer.text == SubtaskReply(last.returned ?? "").result)
            }
            let didPlan = calls.contains { $0.outline?.text.hasPrefix(" subtask") == true }
            #expect(didPlan == (subtasks != nil))
            planned += didPlan ? 1 : 0
            #expect(outcome.metrics.totalTokens == sum)
            #expect(sum <= budget.totalTokens)
            decoded += sum
        }
        let statistics = try await engine.statistics
        #expect(statistics.decodedTokens == decoded)
        #expect(statistics.openContexts == 0)
        #expect(statistics.usedPages == 0)
        #expect(planned >= 25)
        print("adaptive-plan: \(decoded) tokens, \(planned) of 100 planned")
    }
}
