internal import Braid

/// A token that was drawn.
struct SampledToken: Sendable, Hashable {
    let id: TokenID
    /// Natural logarithm of its probability under the model's own distribution: no temperature, penalty or mask.
    let logProbability: Float
}
