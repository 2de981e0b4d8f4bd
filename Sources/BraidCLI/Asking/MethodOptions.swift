import ArgumentParser
import Braid
import BraidEvaluation

/// Numbers and choices of single methods.
struct MethodOptions: ParsableArguments {
    /// What compares answers.
    enum VerifierChoice: String, CaseIterable, ExpressibleByArgument {
        case exact, judge
        case logProbability = "log-probability"
    }

    /// How Tree of Thoughts searches.
    enum SearchChoice: String, CaseIterable, ExpressibleByArgument {
        case bfs, dfs, beam
    }

    /// How Tree of Thoughts compares states.
    enum EvaluatorChoice: String, CaseIterable, ExpressibleByArgument {
        case value, vote
    }

    @Option(
        help: ArgumentHelp(
            """
            The control tokens the model was trained on, see 'braid dialect', or a YAML file: for adaptive, sequential, \
            self-consistency and best-of-n; other methods have their own. (default: braid)
            """, valueName: "name|file"))
    var dialect: DialectChoice?

    @Option(
        help: ArgumentHelp(
            """
            Answers of self-consistency and best-of-n (8), drafts of graph-of-thoughts (4), next steps of \
            tree-of-thoughts (8) and mcts (5).
            """, valueName: "count"))
    var samples: Int?

    @Option(
        help: ArgumentHelp(
            """
            Lines of thought that run side by side: workers of hogwild (2) and groupthink (4), paths of parallel-r1 (2) \
            and parathinker (8).
            """, valueName: "count"))
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "Thoughts kept at a time by tree-of-thoughts (5), drafts merged by graph-of-thoughts (2).",
            valueName: "count"))
    var breadth: Int?

    @Option(help: ArgumentHelp("Most steps of a thought: tree-of-thoughts (3), mcts (7).", valueName: "steps"))
    var depth: Int?

    @Option(help: ArgumentHelp("Iterations of mcts (10).", valueName: "count"))
    var iterations: Int?

    @Option(help: "How tree-of-thoughts searches. (default: bfs)")
    var search: SearchChoice?

    @Option(help: "How tree-of-thoughts compares states. (default: value)")
    var evaluator: EvaluatorChoice?

    @Option(
        help: ArgumentHelp(
            "Samples of each value or vote of tree-of-thoughts (3), grades of a judge (1).", valueName: "count"))
    var evaluations: Int?

    @Option(
        help: """
            What compares the answers of best-of-n, and rewards those of mcts; exact checks number puzzles only. \
            (default: exact; mcts has no log-probability)
            """)
    var verifier: VerifierChoice?

    @Flag(help: "Let skeleton-of-thought ask first whether the question suits it.")
    var router = false

    @Option(
        help: ArgumentHelp(
            "How often sequential ignores the end of the thinking and appends \"Wait\".", valueName: "times"))
    var wait: Int?

    @Option(help: ArgumentHelp("Most tokens that sequential thinks before it must answer.", valueName: "tokens"))
    var thinkingTokens: Int?

    @Option(help: "What hogwild's workers see of each other. (default: combined)")
    var layout: HogwildInference.Layout?

    @Option(
        help: ArgumentHelp(
            """
            Prompts in place of a method's own: a JSON object of their names, each with a text, or with an object of \
            "user", "system" and "answerBeginning". With "answer" for sequential, self-consistency and best-of-n, those \
            ask in plain words.
            """, valueName: "file"))
    var prompts: PromptFile?

    /// Refuses what the method does not take, and numbers that it does not take.
    /// - Throws: `ValidationError`.
    func check(for method: MethodChoice, budget: BudgetOptions) throws {
        if method.forksSamples {
            let samples = samples ?? Self.defaultAnswers
            guard (1...budget.maxThreads).contains(samples) else {
                throw ValidationError(
                    "--samples is \(samples); allowed: 1 to --max-threads, which is \(budget.maxThreads)")
            }
            guard budget.maxDepth > 0 else {
                throw ValidationError(
                    "--max-depth is 0, which leaves \(method.rawValue) no samples; allowed: 1 to 16")
            }
        }
        try check(forAny: [method])
    }

    /// Refuses what none of these methods takes, and numbers that those that take it do not.
    /// - Throws: `ValidationError`.
    func check(forAny methods: [MethodChoice]) throws {
        for (name, isGiven, takers) in given where isGiven && takers.allSatisfy({ !methods.contains($0) }) {
            let allowed = takers.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(name) is for --method \(allowed) only")
        }
        if verifier == .logProbability, methods.contains(.mcts) {
            throw ValidationError("--verifier is 'log-probability'; allowed for --method mcts: exact, judge")
        }
        for method in methods { try checkNumbers(of: method) }
    }

    /// Whether the model is to judge answers of this method.
    func judges(for method: MethodChoice) -> Bool { verifier == .judge && method == .bestOfN }

    private func checkNumbers(of method: MethodChoice) throws {
        do {
            _ = try self.method(method, asking: .dialect(.braid))
        } catch let error as RunError {
            guard case .invalidOption(let name, let value, let allowed) = error else {
                throw ValidationError(error.description)
            }
            throw ValidationError(
                "\(Self.options[name] ?? name) is \(value); allowed: \(allowed.lowerBound) to \(allowed.upperBound)")
        } catch let error as GraphError {
            guard case .outOfRange(let name, let value, let allowed) = error else {
                throw ValidationError(error.description)
            }
            let option = name == "draft" ? "--samples" : "--breadth"
            throw ValidationError(
                "\(option) is \(value); allowed: \(allowed.lowerBound) to \(allowed.upperBound)")
        }
    }

    /// The method.
    /// - Parameters:
    ///   - frame: how methods are asked that can be asked in several ways.
    ///   - templates: prompts in place of its own, by their names.
    /// - Throws: `RunError`, `GraphError`.
    func method(
        _ choice: MethodChoice, asking frame: AnswerFrame, with templates: [String: PromptTemplate] = [:]
    ) throws -> any ReasoningMethod {
        switch choice {
        case .adaptive: Adaptive(dialect: frame.spoken)
        case .sequential: try sequential(frame)
        case .threadweaver: ThreadWeaver()
        case .selfConsistency:
            switch frame {
            case .dialect(let dialect): try SelfConsistency(samples: samples ?? Self.defaultAnswers, dialect: dialect)
            case .words(let prompt): try SelfConsistency(samples: samples ?? Self.defaultAnswers, asking: prompt)
            }
        case .bestOfN:
            try BestOfN(samples: samples ?? Self.defaultAnswers, verifier: answerVerifier(templates), frame: frame)
        case .hogwild:
            try HogwildInference(workers: workers ?? 2, layout: layout ?? .combined, dialect: dialect(of: frame))
        case .groupthink: try GroupThink(workers: workers ?? 4, dialect: dialect(of: frame))
        case .skeletonOfThought: try SkeletonOfThought(usesRouter: router, prompts: .init().replacing(templates))
        case .treeOfThoughts:
            try TreeOfThoughts(
                policy: policy, depth: depth ?? 3, generator: .propose(samples ?? 8), evaluator: stateEvaluator,
                prompts: .init().replacing(templates))
        case .graphOfThoughts:
            try GraphOfThoughts(
                graph: .draftAndMerge(drafts: samples ?? 4, kept: breadth ?? 2),
                prompts: .init().replacing(templates), check: Self.exact)
        case .mcts:
            try MonteCarloTreeSearch(
                iterations: iterations ?? 10, samples: samples ?? 5, depth: depth ?? 7,
                prompts: .init().replacing(templates), check: verifier == .judge ? nil : Self.exact)
        case .multiverse: Multiverse()
        case .npr: NPR()
        case .parallelR1: try ParallelR1(paths: workers ?? 2)
        case .paraThinker: try ParaThinker(paths: workers ?? 8)
        case .apr: try AdaptiveSpawnJoin()
        case .adaptivePlan: try AdaptivePlan(prompts: frame.planPrompts.replacing(templates))
        }
    }

    /// How methods are asked on an engine: in words of the user's own, in the dialect that the user chose, in one whose tags
    /// the engine has, or in plain words.
    /// - Throws: `InputError`, `DialectFileError`.
    func frame(
        for engine: any Engine, asking method: MethodChoice, with templates: [String: PromptTemplate]
    ) throws -> AnswerFrame {
        if let answer = templates["answer"], method.answersAtOnce { return .words(answer) }
        return if let dialect = try dialect?.dialect() { .dialect(dialect) } else { AnswerFrame(for: engine) }
    }

    /// The prompts that the user replaces, by their names.
    /// - Throws: ``InputError`` for a file that has none, or one that none of these methods has.
    func templates(for methods: [MethodChoice]) throws -> [String: PromptTemplate] {
        guard let prompts else { return [:] }
        return try prompts.templates(allowed: methods.flatMap(\.promptNames))
    }

    /// Control tags that the method may use, for an engine that has to be asked for them.
    func tags(of choice: MethodChoice) throws -> Set<String> {
        try method(choice, asking: .dialect(.braid)).dialect.allTags
    }

    /// Answers when the user does not say how many.
    private static let defaultAnswers = 8
    /// Expansions of a depth-first search (arXiv 2305.10601, section 4.3).
    private static let expansions = 100
    /// Prunes what no sample called at least likely.
    private static let threshold = 0.5

    /// The evaluation's check, which knows the families of number puzzles.
    private static let exact: AnswerCheck = { QuestionCheck.verify($0, for: $1.text) }

    /// Names of options by those of the domain.
    private static let options = [
        "samples": "--samples", "candidates": "--samples", "breadth": "--breadth", "depth": "--depth",
        "iterations": "--iterations", "workers": "--workers", "paths": "--workers",
        "grades": "--evaluations", "extensions": "--wait",
        "maximumThinkingTokens": "--thinking-tokens",
    ]

    /// Options, whether the user gave them, and the methods that take them.
    private var given: [(name: String, isGiven: Bool, methods: [MethodChoice])] {
        [
            ("--dialect", dialect != nil, [.adaptive, .sequential, .selfConsistency, .bestOfN]),
            (
                "--samples", samples != nil,
                [.selfConsistency, .bestOfN, .treeOfThoughts, .graphOfThoughts, .mcts]
            ),
            ("--workers", workers != nil, [.hogwild, .groupthink, .parallelR1, .paraThinker]),
            ("--breadth", breadth != nil, [.treeOfThoughts, .graphOfThoughts]),
            ("--depth", depth != nil, [.treeOfThoughts, .mcts]),
            ("--iterations", iterations != nil, [.mcts]),
            ("--search", search != nil, [.treeOfThoughts]),
            ("--evaluator", evaluator != nil, [.treeOfThoughts]),
            ("--evaluations", evaluations != nil, [.treeOfThoughts, .bestOfN]),
            ("--verifier", verifier != nil, [.bestOfN, .mcts]),
            ("--router", router, [.skeletonOfThought]),
            ("--wait", wait != nil, [.sequential]),
            ("--thinking-tokens", thinkingTokens != nil, [.sequential]),
            ("--layout", layout != nil, [.hogwild]),
            ("--prompts", prompts != nil, MethodChoice.allCases.filter { !$0.promptNames.isEmpty }),
        ]
    }

    /// Where a model does not read `braid`, lines that see each other are framed as a chat, with a boxed answer.
    private func dialect(of frame: AnswerFrame) -> Dialect {
        if case .dialect(let dialect) = frame { dialect } else { .threadWeaver }
    }

    private func sequential(_ frame: AnswerFrame) throws(RunError) -> Sequential {
        let isForced = wait != nil || thinkingTokens != nil
        let forcing =
            isForced ? try BudgetForcing(extensions: wait ?? 0, maximumThinkingTokens: thinkingTokens) : nil
        return switch frame {
        case .dialect(let dialect): Sequential(dialect: dialect, forcing: forcing)
        case .words(let prompt): try Sequential(asking: prompt, forcing: forcing)
        }
    }

    private func answerVerifier(_ templates: [String: PromptTemplate]) -> BestOfN.Verifier {
        switch verifier ?? .exact {
        case .exact: .exact(Self.exact)
        case .judge: .judge(templates["judge"] ?? .grade, samples: evaluations ?? 1)
        case .logProbability: .logProbability
        }
    }

    private var policy: ThoughtSearch.Policy {
        switch search ?? .bfs {
        case .bfs: .breadthFirst(breadth: breadth ?? 5)
        case .dfs: .depthFirst(threshold: Self.threshold, expansions: Self.expansions)
        case .beam: .beam(width: breadth ?? 5)
        }
    }

    private var stateEvaluator: TreeOfThoughts.Evaluator {
        switch evaluator ?? .value {
        case .value: .value(samples: evaluations ?? 3)
        case .vote: .vote(samples: evaluations ?? 3)
        }
    }
}

extension AnswerFrame {
    /// The texts that a built-in model was trained on, or those for models that follow instructions.
    var planPrompts: PlanPrompts { if case .dialect = self { .compact } else { .standard } }

    /// What a method speaks that needs control tags.
    var spoken: Dialect { if case .dialect(let dialect) = self { dialect } else { .braid } }

    /// The `braid` dialect on an engine that has its tags, plain words on any other.
    init(for engine: any Engine) {
        let hasTags = engine.description.controlTags.isSuperset(of: Dialect.braid.sequentialTags)
        self = hasTags ? .dialect(.braid) : .words(.direct)
    }
}
