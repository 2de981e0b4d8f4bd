/// What a chat template, which comes with a model from strangers, may use at most.
public struct ChatTemplateLimits: Sendable, Hashable {
    /// Bytes of the template.
    public var templateBytes = 1 << 18
    /// Steps of one rendering; one is an operation, or 64 characters or elements of its result.
    public var steps = 2_000_000
    /// Characters of the prompt, and of any text on the way to it.
    public var outputCharacters = 1 << 22
    /// Expressions and macros within each other.
    public var depth = 200

    public init() {}
}
