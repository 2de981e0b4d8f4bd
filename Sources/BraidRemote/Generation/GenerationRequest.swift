internal import Braid

/// One generation, the unit of retry: a known prompt and what may follow it.
struct GenerationRequest: Sendable, Hashable {
    /// What the model goes on from.
    enum Prompt: Sendable, Hashable {
        /// Token ids, tier T3.
        case tokens([TokenID])
        /// Text that is tokenised by the engine, tier T2.
        case text(String)
        /// A chat; with `continuesLast`, its last message is the beginning of the answer, tier T1, else T0.
        case chat([Braid.Prompt.Message], continuesLast: Bool)
    }

    /// Names the request for an abort call; no id is the beginning of another, because SGLang compares prefixes.
    var id: String
    /// What the model goes on from.
    var prompt: Prompt
    /// The prompt's text, where it is known beside the ids.
    var promptText: String?
    /// How tokens are drawn; every field is sent, because engines' defaults differ.
    var sampling: SamplingParameters
    /// Decides the draws.
    var seed: UInt64
    /// Tokens that end the generation, where the engine takes ids.
    var stopTokens: [TokenID]
    /// Most tokens, more than 0: without it some engines stop after 16, others never.
    var maximumTokens: Int
    /// The form of the answer, for a chat that can be told; nil for none.
    var form: ReplyForm?
}
