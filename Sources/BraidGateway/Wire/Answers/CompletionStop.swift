internal import Braid

/// What ended a raw completion.
enum CompletionStop: Sendable, Hashable {
    /// A token of `stop_token_ids`.
    case token(TokenID)
    /// A text of `stop`.
    case text(String)
    /// The model's own end.
    case modelEnd
    /// The limit of tokens, or the context's end.
    case limit

    /// The field `finish_reason`.
    var finish: RunEnding.Finish { self == .limit ? .length : .stop }
}
