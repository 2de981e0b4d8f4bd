internal import CBraidKernels

/// How a matrix is kept in memory and multiplied; `braid_kernels.h` says what each means.
enum WeightKind: Sendable, Hashable, CaseIterable {
    case float32
    /// Widened to f32 as it is multiplied.
    case bfloat16
    /// Multiplied with activations that are rounded to bf16.
    case bfloat16Rounded
    case q8
    case q4

    /// The kernels' number of it.
    var number: Int32 {
        let number =
            switch self {
            case .float32: BRAID_WEIGHT_F32
            case .bfloat16: BRAID_WEIGHT_BF16
            case .bfloat16Rounded: BRAID_WEIGHT_BF16_ROUNDED
            case .q8: BRAID_WEIGHT_Q8
            case .q4: BRAID_WEIGHT_Q4
            }
        return Int32(number)
    }

    /// Whether activations meet the weights as they are.
    var isExact: Bool { self == .float32 || self == .bfloat16 }

    /// Whether 32 columns share a scale.
    var hasBlocks: Bool { self == .q8 || self == .q4 }
}
