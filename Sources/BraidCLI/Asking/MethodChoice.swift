import ArgumentParser
import Braid

/// The methods that the command line knows by name.
enum MethodChoice: String, CaseIterable, ExpressibleByArgument {
    case adaptive
    case sequential
    case threadweaver
    case selfConsistency = "self-consistency"
    case hogwild, groupthink
    case bestOfN = "best-of-n"
    case skeletonOfThought = "skeleton-of-thought"
    case treeOfThoughts = "tree-of-thoughts"
    case graphOfThoughts = "graph-of-thoughts"
    case mcts

    /// The temperature when the user does not say: greedy, but for samples, which would all be the same (0.7 as in
    /// arXiv 2203.11171, section 3.1, and 2305.10601, section 4).
    var defaultTemperature: Double { drawsSamples ? Self.samplingTemperature : 0 }

    /// The temperature of methods that draw samples.
    static let samplingTemperature = 0.7

    /// Methods whose samples would all be the same when greedy, for help texts.
    static let sampling = allCases.filter(\.drawsSamples)

    /// Whether lines of thought fork as the model decides.
    var forks: Bool {
        switch self {
        case .adaptive, .threadweaver: true
        case .sequential, .selfConsistency, .hogwild, .groupthink, .bestOfN, .skeletonOfThought, .treeOfThoughts,
            .graphOfThoughts, .mcts:
            false
        }
    }

    /// Whether it asks in plain words only, which the built-in models do not read.
    var needsWords: Bool {
        switch self {
        case .adaptive, .sequential, .threadweaver, .selfConsistency, .hogwild, .groupthink, .bestOfN: false
        case .skeletonOfThought, .treeOfThoughts, .graphOfThoughts, .mcts: true
        }
    }

    /// Whether it draws whole answers as threads of one fork.
    var forksSamples: Bool { self == .selfConsistency || self == .bestOfN }

    private var drawsSamples: Bool {
        switch self {
        case .adaptive, .sequential, .threadweaver, .hogwild, .groupthink, .skeletonOfThought: false
        case .selfConsistency, .bestOfN, .treeOfThoughts, .graphOfThoughts, .mcts: true
        }
    }
}
