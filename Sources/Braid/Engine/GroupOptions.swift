/// How a ``ContextGroup`` is made and decodes.
public struct GroupOptions: Sendable {
    /// What its members see.
    public var view: GroupView
    /// How tokens are drawn.
    public var sampling: SamplingParameters
    /// One for each member: seed of its draws; together with the number of tokens that it has, it decides every draw.
    public var seeds: [UInt64]
    /// Control tags that end a member, beside the tokens that end any answer of the model; nil when nothing does: those
    /// tokens are never drawn then.
    public var stops: Set<String>?
    /// Tags and texts of exactly one token that are never drawn; others mean nothing.
    public var forbidden: Set<String>

    /// Creates options for as many members as there are seeds.
    public init(
        view: GroupView, sampling: SamplingParameters = .greedy, seeds: [UInt64], stops: Set<String>? = [],
        forbidden: Set<String> = []
    ) {
        self.view = view
        self.sampling = sampling
        self.seeds = seeds
        self.stops = stops
        self.forbidden = forbidden
    }
}
