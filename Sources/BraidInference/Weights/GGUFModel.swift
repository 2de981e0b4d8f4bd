internal import Foundation

/// A model in one GGUF file, its tensors under the names and in the order of Hugging Face checkpoints.
final class GGUFModel: Sendable {
    /// The file.
    let file: GGUFFile
    /// What its metadata say.
    let configuration: ModelConfiguration

    /// Opens a model's file.
    ///
    /// - Throws: ``ModelLoadingError``: the file is missing, damaged or unsupported, or one part of several.
    /// - Complexity: O(size of the metadata); the tensors' data are not touched, but for `rope_freqs.weight`.
    init(_ file: GGUFFile) throws(ModelLoadingError) {
        self.file = file
        configuration = try ModelConfiguration(
            ModelConfigurationFile(file), path: file.path)
    }

    /// The names of all tensors that have one in a Hugging Face checkpoint, sorted.
    var tensorNames: [String] {
        let layers = (0..<configuration.layerCount).flatMap { layer in
            Self.layerNames.keys.map { "model.layers.\(layer).\($0)" }
        }
        return (layers + Self.names.keys).filter { contains($0) }.sorted()
    }

    /// Whether there is a tensor of this Hugging Face name.
    func contains(_ name: String) -> Bool { Self.fileName(of: name).map { file.tensors[$0] != nil } ?? false }

    /// The tensor of this Hugging Face name.
    ///
    /// - Throws: As ``GGUFFile/tensor(_:)``, and ``ModelLoadingError/invalidValue(path:field:value:allowed:)`` if the
    ///   rows of queries or keys are not those of the heads.
    /// - Complexity: O(1), but O(size) for the queries and keys of a Llama, which are copied.
    func tensor(_ name: String) throws(ModelLoadingError) -> TensorView {
        guard let fileName = Self.fileName(of: name) else { throw .missingTensor(name: name, path: file.path) }
        let tensor = try file.tensor(fileName)
        guard configuration.architecture == .llama || configuration.architecture == .mistral else { return tensor }
        if name.contains(".q_proj.") { return try unpaired(tensor, fileName, heads: configuration.headCount) }
        if name.contains(".k_proj.") { return try unpaired(tensor, fileName, heads: configuration.keyValueHeadCount) }
        return tensor
    }

    /// Puts the rows of each head back as Hugging Face has them.
    private func unpaired(
        _ tensor: TensorView, _ name: String, heads: Int
    ) throws(ModelLoadingError) -> TensorView {
        let dimension = configuration.headDimension, rows = heads * dimension
        guard tensor.shape.first == rows, tensor.bytes.count.isMultiple(of: rows),
            tensor.shape.count > 1 || tensor.elementType.isPlain
        else {
            throw .invalidValue(
                path: file.path, field: "shape of tensor \(name)", value: "\(tensor.elementType) \(tensor.shape)",
                allowed: "\(rows) rows, \(heads) heads of \(dimension)")
        }
        return tensor.unpaired(heads: heads)
    }

    // MARK: Names

    private static let names = [
        "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    ]

    private static let layerNames = [
        "input_layernorm.weight": "attn_norm.weight", "self_attn.q_proj.weight": "attn_q.weight",
        "self_attn.q_proj.bias": "attn_q.bias", "self_attn.k_proj.weight": "attn_k.weight",
        "self_attn.k_proj.bias": "attn_k.bias", "self_attn.v_proj.weight": "attn_v.weight",
        "self_attn.v_proj.bias": "attn_v.bias", "self_attn.o_proj.weight": "attn_output.weight",
        "self_attn.o_proj.bias": "attn_output.bias", "self_attn.q_norm.weight": "attn_q_norm.weight",
        "self_attn.k_norm.weight": "attn_k_norm.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
        "mlp.gate_proj.weight": "ffn_gate.weight", "mlp.up_proj.weight": "ffn_up.weight",
        "mlp.down_proj.weight": "ffn_down.weight",
    ]

    /// What GGUF files call the tensor of a Hugging Face name.
    static func fileName(of name: String) -> String? {
        if let fileName = names[name] { return fileName }
        let parts = name.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "model", parts[1] == "layers", let layer = Int(parts[2]),
            let rest = layerNames[String(parts[3])]
        else { return nil }
        return "blk.\(layer).\(rest)"
    }
}
