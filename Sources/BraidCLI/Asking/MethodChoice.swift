import ArgumentParser
import Braid

/// The methods that the command line knows by name.
enum MethodChoice: String, CaseIterable, ExpressibleByArgument {
    case adaptive
    case sequential
    case threadweaver
    case selfConsistency = "self-consistency"
    case hogwild
    case groupthink

    /// Samples of self-consistency when the user does not say.
    static let defaultSamples = 8

    /// The method.
    /// - Throws: `RunError.invalidOption`.
    func method(samples: Int?, workers: Int? = nil) throws(RunError) -> any ReasoningMethod {
        switch self {
        case .adaptive: Adaptive()
        case .sequential: Sequential()
        case .threadweaver: ThreadWeaver()
        case .selfConsistency: try SelfConsistency(samples: samples ?? Self.defaultSamples)
        case .hogwild: try HogwildInference(workers: workers ?? 2)
        case .groupthink: try GroupThink(workers: workers ?? 4)
        }
    }

    /// The temperature when the user does not say: greedy, but for samples, which would all be the same (0.7 as in
    /// arXiv 2203.11171, section 3.1).
    var defaultTemperature: Double { self == .selfConsistency ? 0.7 : 0 }

    /// Whether lines of thought see each other while they are written.
    var hasWorkers: Bool { self == .hogwild || self == .groupthink }

    /// Whether lines of thought fork as the model decides.
    var forks: Bool {
        switch self {
        case .adaptive, .threadweaver: true
        case .sequential, .selfConsistency, .hogwild, .groupthink: false
        }
    }
}
