/// How a converted model's matrices are stored. Norms and biases are always f32.
public enum ConversionType: String, Sendable, CaseIterable {
    case f32
    case bf16
    case f16
    /// Blocks of 32 8-bit integers with an f16 scale.
    case q8_0
    /// Blocks of 32 4-bit integers with an f16 scale.
    case q4_0

    /// The type of the matrices' numbers.
    var elementType: TensorElementType {
        switch self {
        case .f32: .float32
        case .bf16: .bfloat16
        case .f16: .float16
        case .q8_0: .q8_0
        case .q4_0: .q4_0
        }
    }
}
