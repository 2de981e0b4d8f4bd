/// How many threads run at the same time: never more than pay on this engine.
public struct WidthRule: Sendable, Hashable, Codable {
    /// The least that each doubling must add to the tokens decoded in a second, as a factor.
    public var gain: Double

    /// Creates the rule.
    /// - Parameter gain: 1 widens as long as nothing is lost.
    public init(gain: Double = 1.1) {
        self.gain = max(1, gain)
    }

    /// The width; nil when the engine's step times are not known.
    public func width(_ times: StepTimes?) -> Int? { times?.usefulWidth(gain: gain) }
}
