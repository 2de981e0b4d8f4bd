/// What one decode call may do and when it stops.
public struct DecodingOptions: Sendable {
    /// How tokens are drawn.
    public var sampling: SamplingParameters
    /// Seed of this thread's draws; together with the token's position it decides every draw.
    public var seed: UInt64
    /// Control tags that end the call; the tag that ended it is part of the output.
    public var stops: Set<String>
    /// Most tokens to decode in this call.
    public var maximumTokens: Int
    /// Keeps the output's structure valid, on engines that can mask tokens (``EngineDescription/masksTokens``).
    public var grammar: ControlGrammar?
    /// The form that the output should have, for engines that can be told.
    public var form: ReplyForm?

    /// Creates decoding options.
    public init(
        sampling: SamplingParameters = .greedy, seed: UInt64 = 0, stops: Set<String>, maximumTokens: Int,
        grammar: ControlGrammar? = nil, form: ReplyForm? = nil
    ) {
        self.sampling = sampling
        self.seed = seed
        self.stops = stops
        self.maximumTokens = maximumTokens
        self.grammar = grammar
        self.form = form
    }
}
