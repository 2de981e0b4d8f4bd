import ArgumentParser
import Braid

/// The methods that the command line knows by name.
enum MethodChoice: String, CaseIterable, ExpressibleByArgument {
    case adaptive
    case sequential
    case threadweaver
    case selfConsistency = "self-consistency"

    /// Samples of self-consistency when the user does not say.
    static let defaultSamples = 8

    /// The method.
    /// - Throws: `RunError.invalidOption`.
    func method(samples: Int?) throws(RunError) -> any ReasoningMethod {
        switch self {
        case .adaptive: Adaptive()
        case .sequential: Sequential()
        case .threadweaver: ThreadWeaver()
        case .selfConsistency: try SelfConsistency(samples: samples ?? Self.defaultSamples)
        }
    }

    /// The temperature when the user does not say: greedy, but for samples, which would all be the same (0.7 as in
    /// arXiv 2203.11171, section 3.1).
    var defaultTemperature: Double { self == .selfConsistency ? 0.7 : 0 }

    /// Whether lines of thought fork as the model decides.
    var forks: Bool {
        switch self {
        case .adaptive, .threadweaver: true
        case .sequential, .selfConsistency: false
        }
    }
}
