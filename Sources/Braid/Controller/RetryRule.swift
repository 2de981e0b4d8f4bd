/// A thread that failed, or whose return was refuted, is run once more.
public struct RetryRule: Sendable, Hashable, Codable {
    /// How often a thread may be run again.
    public var retries: Int
    /// The least temperature of another attempt: greedy decoding would only repeat itself.
    public var temperature: Double
    /// Whether a thread whose return a check refuted is run again, too.
    public var coversRefuted: Bool

    /// Creates the rule.
    public init(retries: Int = 1, temperature: Double = 0.7, coversRefuted: Bool = false) {
        self.retries = max(0, retries)
        self.temperature = temperature
        self.coversRefuted = coversRefuted
    }

    /// Why a thread that ended is run again; nil when it is not.
    /// - Parameters:
    ///   - objection: what a check found wrong with its return, if one did.
    ///   - attempt: 1 for the first.
    public func reasonToRetry(outcome: ThreadOutcome, objection: String?, attempt: Int) -> String? {
        guard attempt <= retries else { return nil }
        switch outcome {
        case .failed, .malformed: return outcome.description
        case .finished: return coversRefuted ? objection : nil
        case .tokenLimit, .contextFull, .timedOut, .cancelled: return nil
        }
    }

    /// How another attempt draws.
    public func sampling(_ sampling: SamplingParameters, attempt: Int) -> SamplingParameters {
        guard attempt > 1 else { return sampling }
        var other = sampling
        other.temperature = max(sampling.temperature, temperature)
        return other
    }
}
