/// A method that asks in plain words, so that any instructed model can follow it: it needs no control tags.
public protocol PromptedMethod: ReasoningMethod {}

extension PromptedMethod {
    /// ``Dialect/plain``.
    public var dialect: Dialect { .plain }
    /// None.
    public var controlTags: Set<String> { [] }
    /// Chat is enough.
    public var minimumTier: EngineDescription.Tier { .chat }
}
