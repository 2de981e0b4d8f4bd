/// What can be wrong with a model's files.
///
/// Model files come from strangers, so every one of these is an ordinary outcome of loading. Each description names the
/// file, the value seen, what would be accepted and what to do next.
public enum ModelLoadingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A file or folder that the model needs is not there.
    case missingFile(path: String, advice: String)
    /// The operating system refused to open, measure or map a file.
    case unreadableFile(path: String, reason: String)
    /// A file is not what its format demands.
    case malformedFile(path: String, reason: String)
    /// A setting has a value outside its range.
    case invalidValue(path: String, field: String, value: String, allowed: String)
    /// A file is well formed but asks for something that the embedded engine does not do.
    case unsupported(path: String, feature: String, value: String, supported: String)
    /// The model's files hold no tensor of this name.
    case missingTensor(name: String, path: String)

    /// A short name of the case that holds no value, for metrics.
    public var label: String {
        switch self {
        case .missingFile: "missing_file"
        case .unreadableFile: "unreadable_file"
        case .malformedFile: "malformed_file"
        case .invalidValue: "invalid_value"
        case .unsupported: "unsupported"
        case .missingTensor: "missing_tensor"
        }
    }

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .missingFile(let path, let advice):
            "\(path) does not exist; \(advice)"
        case .unreadableFile(let path, let reason):
            "\(path) cannot be read: \(reason)"
        case .malformedFile(let path, let reason):
            "\(path) is damaged or not what its name says: \(reason); download or export the model again"
        case .invalidValue(let path, let field, let value, let allowed):
            "\(path): \(field) is \(value); allowed: \(allowed)"
        case .unsupported(let path, let feature, let value, let supported):
            "\(path): \(feature) \(value) is not supported; supported: \(supported). "
                + "Use another model, or serve this one with a remote engine"
        case .missingTensor(let name, let path):
            "\(path) holds no tensor named \(name); the model was exported incompletely or for another architecture"
        }
    }

    /// Turns an error of `JSONDecoder` into one that names the file and the place in it.
    static func malformedJSON(_ error: any Error, path: String) -> ModelLoadingError {
        if let already = error as? ModelLoadingError { return already }
        guard let decoding = error as? DecodingError else {
            return .malformedFile(path: path, reason: String(describing: error))
        }
        func place(_ codingPath: [any CodingKey]) -> String {
            codingPath.isEmpty ? "top level" : codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch decoding {
        case .keyNotFound(let key, let context):
            let field = (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            return .malformedFile(path: path, reason: "the field \(field) is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return .malformedFile(path: path, reason: "\(place(context.codingPath)): \(context.debugDescription)")
        case .dataCorrupted(let context):
            return .malformedFile(path: path, reason: "\(place(context.codingPath)): \(context.debugDescription)")
        @unknown default:
            return .malformedFile(path: path, reason: String(describing: decoding))
        }
    }
}
