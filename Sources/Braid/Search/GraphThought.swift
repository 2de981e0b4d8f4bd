/// One vertex of a graph of thoughts: a candidate text with what is known about it.
public struct GraphThought: Sendable, Hashable {
    /// The text; empty for the question alone.
    public var text: String
    /// Its score, more is better; nil until it is scored.
    public var score: Double?
    /// Whether it was found valid; nil until somebody looked.
    public var isValid: Bool?
    /// Calls that its text and its score came from.
    public var basis: [Completion]

    /// Creates a thought.
    public init(text: String = "", score: Double? = nil, isValid: Bool? = nil, basis: [Completion] = []) {
        self.text = text
        self.score = score
        self.isValid = isValid
        self.basis = basis
    }
}

extension [GraphThought] {
    /// The `count` of highest score, the earlier ones of equal; those without a score come last.
    public func best(_ count: Int) -> [GraphThought] {
        let ordered = enumerated().sorted { left, right in
            let (first, second) = (left.element.score ?? -.infinity, right.element.score ?? -.infinity)
            return first == second ? left.offset < right.offset : first > second
        }
        return ordered.prefix(Swift.max(0, count)).map(\.element)
    }
}
