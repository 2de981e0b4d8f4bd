/// What to do about a failed generation: a pure function from the failure to an action.
///
/// Two retries, on another endpoint where there is one; waits grow from half a second to eight with full jitter, and what
/// the engine asks for is honoured up to two minutes. Errors of the request itself are never tried again.
struct RetryPolicy: Sendable {
    /// What to do.
    enum Action: Sendable, Hashable {
        /// Try again after a wait.
        case retry(after: Duration)
        /// Report the failure.
        case giveUp
    }

    /// Most retries of one generation.
    static let maximumRetries = 2
    /// Longest wait that is honoured.
    static let longestWait = Duration.seconds(120)

    /// Decides.
    /// - Parameters:
    ///   - failure: What went wrong.
    ///   - retries: How often the generation was tried again already.
    ///   - canContinue: Whether nothing was delivered yet, or what was delivered can be sent as a prompt, exactly.
    ///   - jitter: A random number from 0 to 1.
    static func action(
        for failure: GenerationFailure, retries: Int, canContinue: Bool, jitter: Double
    ) -> Action {
        guard canContinue, retries < maximumRetries, mayRetry(failure) else { return .giveUp }
        if let asked = failure.retryAfter {
            return asked <= longestWait ? .retry(after: asked) : .giveUp
        }
        let longest = min(8, 0.5 * Double(1 << min(retries, 4)))
        return .retry(after: .seconds(longest * min(1, max(0, jitter))))
    }

    /// What a failure says about the endpoint.
    static func outcome(of failure: GenerationFailure) -> EndpointOutcome {
        switch failure.kind {
        case .status(429), .status(503): .overloaded
        case .status(500...): .failure
        case .status: .neutral
        case .unreachable, .connection, .inBand, .truncated, .malformed, .replaced: .failure
        }
    }

    private static func mayRetry(_ failure: GenerationFailure) -> Bool {
        if let said = failure.shouldRetry { return said }
        // An account without money is reported as too many requests.
        if failure.code == "insufficient_quota" { return false }
        return switch failure.kind {
        case .status(let status): status == 408 || status == 409 || status == 429 || status >= 500
        // Another endpoint may still be what it was.
        case .unreachable, .connection, .inBand, .truncated, .replaced: true
        case .malformed: false
        }
    }
}
