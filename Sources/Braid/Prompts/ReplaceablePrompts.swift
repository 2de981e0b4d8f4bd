/// The prompts of a method, which can be replaced one by one.
public protocol ReplaceablePrompts: Sendable {
    /// Puts a template in a prompt's place, by the prompt's name.
    static var places: [String: @Sendable (inout Self, PromptTemplate) -> Void] { get }
}

extension ReplaceablePrompts {
    /// The prompts with others in the place of those that are named; names that they do not have change nothing.
    ///
    /// The method says whether a template lacks what it has to say.
    public func replacing(_ templates: [String: PromptTemplate]) -> Self {
        var prompts = self
        for (name, template) in templates { Self.places[name]?(&prompts, template) }
        return prompts
    }
}
