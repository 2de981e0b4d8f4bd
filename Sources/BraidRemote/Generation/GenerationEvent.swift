internal import Braid

/// What a stream of a generation says, whatever engine wrote it.
enum GenerationEvent: Sendable, Hashable {
    /// More text, and the ids of the tokens, where the engine gives them. The two need not belong together: engines hold
    /// text back.
    case chunk(text: String, tokens: [TokenID]?)
    /// How many tokens were read, and how many of them came from the engine's cache; nil where it does not say.
    case usage(GenerationUsage)
    /// The generation is over; always the last event of a stream that is whole.
    case end(GenerationEnd)
}
