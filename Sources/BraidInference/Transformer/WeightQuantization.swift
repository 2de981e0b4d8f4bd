/// Whether an engine keeps a model's matrices in fewer bits than its files do.
///
/// Norms stay f32. A matrix whose columns are no multiple of 32 stays as it is.
public enum WeightQuantization: String, Sendable, CaseIterable {
    /// As the files have them.
    case none
    /// Blocks of 32 8-bit integers with an f16 scale (GGUF's Q8_0): a quarter of f32.
    case q8
    /// Blocks of 32 4-bit integers with an f16 scale (GGUF's Q4_0): an eighth of f32.
    case q4
}
