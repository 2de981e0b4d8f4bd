/// How one number of a tensor is stored.
enum TensorElementType: String, Sendable, Hashable, CaseIterable {
    case float32 = "F32"
    case bfloat16 = "BF16"
    case float16 = "F16"

    /// Bytes per number.
    var byteCount: Int {
        switch self {
        case .float32: 4
        case .bfloat16, .float16: 2
        }
    }

    /// The names of all of them, for messages.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
