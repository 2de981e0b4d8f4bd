/// Why a model is not converted; what is wrong with its own files, ``ModelLoadingError`` says.
public enum ModelConversionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The new file cannot be written.
    case unwritable(path: String, reason: String)
    /// A number is too large for the new type, or none at all.
    case unrepresentable(tensor: String, value: String, type: ConversionType)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .unwritable(let path, let reason): "cannot write \(path): \(reason); choose another file"
        case .unrepresentable(let tensor, let value, let type):
            "tensor \(tensor) holds \(value), which \(type.rawValue) cannot; convert to f32 or bf16"
        }
    }
}
