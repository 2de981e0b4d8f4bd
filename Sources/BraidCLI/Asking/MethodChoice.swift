import ArgumentParser
import Braid
import BraidModels

/// The methods that the command line knows by name.
enum MethodChoice: String, CaseIterable, ExpressibleByArgument {
    case adaptive
    case sequential
    case threadweaver
    case multiverse
    case npr
    case parallelR1 = "parallel-r1"
    case paraThinker = "parathinker"
    case apr
    case hogwild
    case groupthink
    case selfConsistency = "self-consistency"
    case bestOfN = "best-of-n"
    case skeletonOfThought = "skeleton-of-thought"
    case treeOfThoughts = "tree-of-thoughts"
    case graphOfThoughts = "graph-of-thoughts"
    case mcts
    case adaptivePlan = "adaptive-plan"

    /// The temperature when the user does not say: greedy, but for samples, which would all be the same (0.7 as in
    /// arXiv 2203.11171, section 3.1, and 2305.10601, section 4), and for paths that nothing but their draws tells apart (1
    /// and 0.5, as published).
    var defaultTemperature: Double {
        switch self {
        case .parallelR1: 1
        case .paraThinker: 0.5
        default: drawsSamples ? Self.samplingTemperature : 0
        }
    }

    /// The temperature of methods that draw samples.
    static let samplingTemperature = 0.7

    /// Methods whose samples would all be the same when greedy, for help texts.
    static let sampling = allCases.filter(\.drawsSamples)

    /// The built-in model that was trained for it.
    var builtInModel: BuiltInModel {
        switch self {
        case .adaptive: .puzzles
        case .threadweaver, .multiverse, .npr, .parallelR1, .paraThinker, .apr, .adaptivePlan: .puzzlesDialects
        default: .puzzlesSequential
        }
    }

    /// Whether it asks in plain words only, which the built-in models do not read.
    var needsWords: Bool {
        switch self {
        case .skeletonOfThought, .treeOfThoughts, .graphOfThoughts, .mcts: true
        default: false
        }
    }

    /// Whether it asks for whole answers, in a dialect or in plain words.
    var answersAtOnce: Bool { self == .sequential || forksSamples }

    /// Names of the prompts that a user may replace.
    var promptNames: [String] {
        switch self {
        case .sequential, .selfConsistency: ["answer"]
        case .bestOfN: ["answer", "judge"]
        case .skeletonOfThought: SkeletonOfThought.Prompts.places.keys.sorted()
        case .treeOfThoughts: TreeOfThoughts.Prompts.places.keys.sorted()
        case .graphOfThoughts: GraphOfThoughts.Prompts.places.keys.sorted()
        case .mcts: MonteCarloTreeSearch.Prompts.places.keys.sorted()
        case .adaptivePlan: PlanPrompts.places.keys.sorted()
        default: []
        }
    }

    /// Whether it draws whole answers as threads of one fork.
    var forksSamples: Bool { self == .selfConsistency || self == .bestOfN }

    private var drawsSamples: Bool {
        switch self {
        case .selfConsistency, .bestOfN, .treeOfThoughts, .graphOfThoughts, .mcts: true
        default: false
        }
    }
}
