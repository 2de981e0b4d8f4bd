internal import Foundation

/// A model's folder in Hugging Face layout: its configuration and its tensors, from one file or from many.
///
/// The tensors lie in `model.safetensors`, or in the shards that `model.safetensors.index.json` names. Everything that
/// can be checked without reading the numbers is checked on opening.
final class ModelFolder: Sendable {
    /// Where the folder lies.
    let path: String
    /// What `config.json` says.
    let configuration: ModelConfiguration
    /// The file that holds each tensor.
    private let files: [String: SafetensorsFile]

    /// Opens a model's folder.
    ///
    /// - Throws: ``ModelLoadingError``: a file or shard is missing, damaged, or unsupported; a shard's name leads out of
    ///   the folder; the index names a tensor that its shard does not hold.
    /// - Complexity: O(number of tensors); the tensors' data are not touched.
    init(contentsOf folder: URL) throws(ModelLoadingError) {
        path = folder.path
        configuration = try ModelConfiguration(contentsOf: folder)
        files = try Self.files(in: folder)
    }

    /// The names of all tensors, sorted.
    var tensorNames: [String] { files.keys.sorted() }

    /// Whether there is a tensor of this name.
    func contains(_ name: String) -> Bool { files[name] != nil }

    /// The tensor of this name.
    ///
    /// - Throws: ``ModelLoadingError/missingTensor(name:path:)``, or
    ///   ``ModelLoadingError/unsupported(path:feature:value:supported:)`` for an element type other than F32, BF16, F16.
    func tensor(_ name: String) throws(ModelLoadingError) -> TensorView {
        guard let file = files[name] else { throw .missingTensor(name: name, path: path) }
        return try file.tensor(name)
    }

    // MARK: Files

    private struct Index: Decodable {
        let shardNames: [String: String]

        enum CodingKeys: String, CodingKey {
            case shardNames = "weight_map"
        }
    }

    /// The file that holds each tensor of a folder.
    static func files(in folder: URL) throws(ModelLoadingError) -> [String: SafetensorsFile] {
        let single = folder.appendingPathComponent("model.safetensors")
        let indexURL = folder.appendingPathComponent("model.safetensors.index.json")
        // One file wins over an index, as in Transformers.
        let hasSingle = FileManager.default.fileExists(atPath: single.path)
        guard hasSingle || FileManager.default.fileExists(atPath: indexURL.path) else {
            throw .missingFile(
                path: single.path,
                advice: "put it, or its shards and model.safetensors.index.json, into the folder")
        }
        if hasSingle {
            let file = try SafetensorsFile(contentsOf: single)
            return Dictionary(file.tensorNames.map { ($0, file) }, uniquingKeysWith: { first, _ in first })
        }
        let index = try MappedFile.decodeJSON(
            Index.self, from: indexURL, maximumByteCount: 100_000_000, advice: "export the model again")
        var shards: [String: SafetensorsFile] = [:]
        var files: [String: SafetensorsFile] = [:]
        for (tensor, shardName) in index.shardNames {
            let shard: SafetensorsFile
            if let opened = shards[shardName] {
                shard = opened
            } else {
                try checkShardName(shardName, index: indexURL)
                let url = folder.appendingPathComponent(shardName)
                guard FileManager.default.fileExists(atPath: url.path) else {
                    throw .missingFile(path: url.path, advice: "the index names it as a shard; download it too")
                }
                shard = try SafetensorsFile(contentsOf: url)
                shards[shardName] = shard
            }
            guard shard.contains(tensor) else { throw .missingTensor(name: tensor, path: shard.path) }
            files[tensor] = shard
        }
        return files
    }

    /// Refuses a shard name that is anything but the plain name of a safetensors file.
    private static func checkShardName(_ name: String, index: URL) throws(ModelLoadingError) {
        let isPlain =
            name.utf8.count <= 255 && name.hasSuffix(".safetensors") && !name.hasPrefix(".")
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
        guard isPlain else {
            throw .invalidValue(
                path: index.path, field: "shard name", value: name.debugDescription,
                allowed: "the plain name of a .safetensors file beside the index, without folders")
        }
    }
}
