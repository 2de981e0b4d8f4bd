/// How the numbers of a tensor are stored: one by one, or in blocks that share a scale.
enum TensorElementType: String, Sendable, Hashable, CaseIterable {
    case float32 = "F32"
    case bfloat16 = "BF16"
    case float16 = "F16"
    /// 8-bit numbers times a half.
    case q8_0 = "Q8_0"
    /// 4-bit numbers less 8, times a half.
    case q4_0 = "Q4_0"
    /// 4-bit numbers times a half, plus a half.
    case q4_1 = "Q4_1"
    /// 5-bit numbers less 16, times a half.
    case q5_0 = "Q5_0"
    /// 5-bit numbers times a half, plus a half.
    case q5_1 = "Q5_1"
    /// 4-bit numbers with a 6-bit scale and minimum for every 32.
    case q4_K = "Q4_K"
    /// 5-bit numbers with a 6-bit scale and minimum for every 32.
    case q5_K = "Q5_K"
    /// 6-bit numbers with an 8-bit scale for every 16.
    case q6_K = "Q6_K"

    /// Numbers that are stored together.
    var blockElementCount: Int {
        switch self {
        case .float32, .bfloat16, .float16: 1
        case .q8_0, .q4_0, .q4_1, .q5_0, .q5_1: 32
        case .q4_K, .q5_K, .q6_K: 256
        }
    }

    /// Bytes that they take.
    var blockByteCount: Int {
        switch self {
        case .float32: 4
        case .bfloat16, .float16: 2
        case .q8_0: 34
        case .q4_0: 18
        case .q4_1: 20
        case .q5_0: 22
        case .q5_1: 24
        case .q4_K: 144
        case .q5_K: 176
        case .q6_K: 210
        }
    }

    /// What the address of a tensor's numbers must be a multiple of.
    var alignment: Int {
        switch self {
        case .float32: 4
        case .bfloat16, .float16: 2
        default: 1
        }
    }

    /// Whether every number stands by itself.
    var isPlain: Bool { blockElementCount == 1 }

    /// The names of all of them, or of the plain ones, for messages.
    static func names(onlyPlain: Bool = false) -> String {
        allCases.filter { !onlyPlain || $0.isPlain }.map(\.rawValue).joined(separator: ", ")
    }
}
