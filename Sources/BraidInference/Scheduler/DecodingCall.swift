internal import Braid

/// A decode call in progress. A class, because it is changed at every token; only the worker's thread has it.
final class DecodingCall {
    let sink: DecodingSink
    let maximumTokens: Int
    /// Tags that end it, by id.
    let stops: [TokenID: String]
    var sampler: Sampler
    var mask: GrammarMask
    /// Tokens in the context, each once, if the sampler needs them.
    var seen: Set<TokenID>
    /// Tokens decoded so far.
    var count = 0
    var lookup = PromptLookup()
    /// A guess of what follows the token that runs next.
    var draft: [TokenID] = []
    /// How many of ``draft`` the grammar leaves no choice about.
    var forcedCount = 0

    init(
        sink: DecodingSink, maximumTokens: Int, stops: [TokenID: String], sampler: Sampler, mask: GrammarMask,
        seen: Set<TokenID>
    ) {
        self.sink = sink
        self.maximumTokens = maximumTokens
        self.stops = stops
        self.sampler = sampler
        self.mask = mask
        self.seen = seen
    }
}
