internal import Foundation

/// Where a model's configuration and tensors come from: the one place that knows the formats.
enum ModelSource: Sendable {
    /// A folder in Hugging Face layout.
    case folder(ModelFolder)
    /// A GGUF file.
    case gguf(GGUFModel)

    /// Opens what is there: a folder, or a `.gguf` file.
    ///
    /// - Throws: ``ModelLoadingError``.
    /// - Complexity: O(number of tensors and size of the metadata); the tensors' data are not touched.
    init(contentsOf url: URL) throws(ModelLoadingError) {
        self =
            Self.isFile(url)
            ? .gguf(try GGUFModel(try GGUFFile(contentsOf: url))) : .folder(try ModelFolder(contentsOf: url))
    }

    /// Whether a regular file is there, or a link to one.
    static func isFile(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    /// What the model's files say of its dimensions.
    var configuration: ModelConfiguration {
        switch self {
        case .folder(let folder): folder.configuration
        case .gguf(let model): model.configuration
        }
    }

    /// Where the model lies, for messages.
    var path: String {
        switch self {
        case .folder(let folder): folder.path
        case .gguf(let model): model.file.path
        }
    }

    /// The names of all tensors, as in a Hugging Face checkpoint, sorted.
    var tensorNames: [String] {
        switch self {
        case .folder(let folder): folder.tensorNames
        case .gguf(let model): model.tensorNames
        }
    }

    /// The tensor of this name.
    ///
    /// - Throws: ``ModelLoadingError/missingTensor(name:path:)``, or
    ///   ``ModelLoadingError/unsupported(path:feature:value:supported:)`` for an element type that cannot be read.
    func tensor(_ name: String) throws(ModelLoadingError) -> TensorView {
        switch self {
        case .folder(let folder): try folder.tensor(name)
        case .gguf(let model): try model.tensor(name)
        }
    }

    /// The tensor of this name, which must have this shape.
    ///
    /// - Throws: As ``tensor(_:)``, and ``ModelLoadingError/invalidValue(path:field:value:allowed:)`` for another shape.
    func tensor(_ name: String, shape: [Int]) throws(ModelLoadingError) -> TensorView {
        let tensor = try tensor(name)
        guard tensor.shape == shape else {
            throw .invalidValue(
                path: path, field: "shape of tensor \(name)", value: "\(tensor.shape)",
                allowed: "\(shape), as the model's configuration says")
        }
        return tensor
    }
}
