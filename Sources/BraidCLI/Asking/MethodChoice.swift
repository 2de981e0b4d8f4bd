import ArgumentParser
import Braid

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
    case selfConsistency = "self-consistency"

    /// Samples of self-consistency when the user does not say.
    static let defaultSamples = 8

    /// The method.
    /// - Parameter dialect: the one it is to speak; nil for its own.
    /// - Throws: `RunError.invalidOption`.
    func method(samples: Int?, dialect: Dialect? = nil) throws(RunError) -> any ReasoningMethod {
        switch self {
        case .adaptive: Adaptive(dialect: dialect ?? .braid)
        case .sequential: Sequential(dialect: dialect ?? .braid)
        case .threadweaver: ThreadWeaver()
        case .multiverse: Multiverse(dialect: dialect ?? .multiverse)
        case .npr: NPR(dialect: dialect ?? .npr)
        case .parallelR1: try ParallelR1(dialect: dialect ?? .parallelR1)
        case .paraThinker: try ParaThinker(dialect: dialect ?? .paraThinker)
        case .apr: try AdaptiveSpawnJoin(dialect: dialect ?? .apr)
        case .selfConsistency:
            try SelfConsistency(samples: samples ?? Self.defaultSamples, dialect: dialect ?? .braid)
        }
    }

    /// Whether it may speak another dialect than its own.
    var takesDialect: Bool {
        switch self {
        case .adaptive, .sequential, .selfConsistency: true
        case .threadweaver, .multiverse, .npr, .parallelR1, .paraThinker, .apr: false
        }
    }

    /// The temperature when the user does not say: greedy, but for samples, which would all be the same (0.7 as in
    /// arXiv 2203.11171, section 3.1) and for paths that nothing but their draws tells apart (1 and 0.5, as published).
    var defaultTemperature: Double {
        switch self {
        case .selfConsistency: 0.7
        case .parallelR1: 1
        case .paraThinker: 0.5
        case .adaptive, .sequential, .threadweaver, .multiverse, .npr, .apr: 0
        }
    }

    /// Whether lines of thought fork as the model decides.
    var forks: Bool {
        switch self {
        case .adaptive, .threadweaver, .multiverse, .npr, .parallelR1, .paraThinker, .apr: true
        case .sequential, .selfConsistency: false
        }
    }
}
