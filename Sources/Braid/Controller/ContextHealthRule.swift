/// Looks after every so many tokens whether a thread's context has gone bad, and what to do about it.
///
/// Nobody has published such a probe; the thresholds are conservative guesses and can be set.
public struct ContextHealthRule: Sendable, Hashable, Codable {
    /// What to do about a context that has gone bad.
    public enum Action: String, Sendable, Codable, CaseIterable {
        /// The thread returns what it has.
        case distil
        /// Fewer threads run at the same time from now on.
        case narrow
        /// Later threads must return sooner.
        case summariseSooner
    }

    /// Tokens between two probes.
    public var interval: Int
    /// The text that is scored after the context.
    public var probe: String
    /// By how many nats a token of the probe may become less likely.
    public var allowedRise: Double
    /// Which share of the latest tokens may repeat what came before.
    public var allowedRepetition: Double
    /// How many of the latest tokens are looked at for repetition.
    public var repetitionWindow: Int

    /// Creates the rule.
    public init(
        interval: Int = 256, probe: String = " 1 2 3 4 5 6 7 8 9 10", allowedRise: Double = 1.5,
        allowedRepetition: Double = 0.6, repetitionWindow: Int = 96
    ) {
        self.interval = max(1, interval)
        self.probe = probe
        self.allowedRise = allowedRise
        self.allowedRepetition = allowedRepetition
        self.repetitionWindow = max(8, repetitionWindow)
    }

    /// Why the context has gone bad; nil while it is good.
    public func reasonToAct(on health: ContextHealth) -> String? {
        if health.current - health.baseline > allowedRise {
            let rise = ((health.current - health.baseline) * 100).rounded() / 100
            return "the probe became less likely by \(rise) nats a token, \(allowedRise) is the most"
        }
        if health.repetition > allowedRepetition {
            return
                "\(Int(health.repetition * 100)) % of the latest tokens repeat, \(Int(allowedRepetition * 100)) % is the most"
        }
        return nil
    }

    /// What to do, given whether the thread can return early and whether more than one thread may still run at a time.
    public func actions(canDistil: Bool, width: Int) -> [Action] {
        var actions: [Action] = canDistil ? [.distil] : []
        if width > 1 { actions.append(.narrow) }
        actions.append(.summariseSooner)
        return actions
    }
}
