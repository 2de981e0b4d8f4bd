public import Foundation

/// The dimensions and constants of a model, as its `config.json` gives them, checked.
///
/// Both ways of writing them are read: that of Transformers up to 4 (`rope_theta`, `rope_scaling`, `torch_dtype`) and
/// that of Transformers 5 (`rope_parameters`, `dtype`).
public struct ModelConfiguration: Sendable, Hashable {
    /// The family of the model.
    public let architecture: ModelArchitecture
    /// The width of the residual stream.
    public let hiddenSize: Int
    /// The width inside each feed-forward block.
    public let intermediateSize: Int
    /// The number of layers.
    public let layerCount: Int
    /// The number of query heads.
    public let headCount: Int
    /// The number of key and value heads; it divides `headCount`.
    public let keyValueHeadCount: Int
    /// The width of one head; even. `headCount * headDimension` need not be `hiddenSize`.
    public let headDimension: Int
    /// What is added to the mean square before its root is taken.
    public let normEpsilon: Float
    /// The base of the rotary position frequencies.
    public let ropeTheta: Double
    /// The number of rows of the embedding, at least the number of tokens of the tokenizer.
    public let vocabularySize: Int
    /// Whether the output matrix is the embedding.
    public let tiesEmbeddings: Bool
    /// The longest context that the model was trained for, in tokens.
    public let maximumContextLength: Int
    /// The tokens that end an answer; may be empty.
    public let endTokenIDs: [Int32]
    /// The token that begins every context, if the model has one.
    public let beginTokenID: Int32?

    /// Reads `config.json` in a model's folder.
    ///
    /// - Throws: ``ModelLoadingError``: the file is missing or no JSON, a number is out of range, or the model needs
    ///   something that the embedded engine does not do.
    public init(contentsOf folder: URL) throws(ModelLoadingError) {
        let url = folder.appendingPathComponent("config.json")
        let file = try MappedFile.decodeJSON(
            ModelConfigurationFile.self, from: url, maximumByteCount: 16_000_000,
            advice: "give the folder of a model in Hugging Face layout")
        try self.init(file, path: url.path)
    }

    /// Checks what the file says.
    init(_ file: ModelConfigurationFile, path: String) throws(ModelLoadingError) {
        architecture = try Self.architecture(file, path: path)
        try Self.refuseUnsupported(file, path: path)

        func dimension(_ field: String, _ value: Int?, _ limit: Int) throws(ModelLoadingError) -> Int {
            guard let value, (1...limit).contains(value) else {
                throw .invalidValue(
                    path: path, field: field, value: value.map(String.init) ?? "missing", allowed: "1 to \(limit)")
            }
            return value
        }
        hiddenSize = try dimension("hidden_size", file.hiddenSize, 65_536)
        intermediateSize = try dimension("intermediate_size", file.intermediateSize, 1_048_576)
        layerCount = try dimension("num_hidden_layers", file.layerCount, 1_024)
        headCount = try dimension("num_attention_heads", file.headCount, 4_096)
        keyValueHeadCount = try dimension("num_key_value_heads", file.keyValueHeadCount ?? headCount, headCount)
        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw .invalidValue(
                path: path, field: "num_key_value_heads", value: "\(keyValueHeadCount)",
                allowed: "a divisor of num_attention_heads, \(headCount)")
        }
        if file.headDimension == nil, !hiddenSize.isMultiple(of: headCount) {
            throw .invalidValue(
                path: path, field: "hidden_size", value: "\(hiddenSize)",
                allowed: "a multiple of num_attention_heads, \(headCount), unless head_dim is given")
        }
        headDimension = try dimension("head_dim", file.headDimension ?? hiddenSize / headCount, 1_024)
        guard headDimension.isMultiple(of: 2) else {
            throw .invalidValue(
                path: path, field: "head_dim", value: "\(headDimension)",
                allowed: "an even number, because rotary positions turn pairs")
        }
        vocabularySize = try dimension("vocab_size", file.vocabularySize, 1 << 24)
        maximumContextLength = try dimension("max_position_embeddings", file.maximumContextLength ?? 2_048, 1 << 26)
        tiesEmbeddings = file.tiesEmbeddings ?? false

        let epsilon = file.normEpsilon ?? 1e-6
        guard epsilon > 0, epsilon < 1, Float(epsilon) > 0 else {
            throw .invalidValue(
                path: path, field: "rms_norm_eps", value: "\(epsilon)",
                allowed: "a positive number below 1, such as 1e-6")
        }
        normEpsilon = Float(epsilon)
        let theta = file.ropeParameters?.theta ?? file.ropeTheta ?? 10_000
        guard theta >= 1, theta <= 1e12 else {
            throw .invalidValue(path: path, field: "rope_theta", value: "\(theta)", allowed: "1 to 1e12, such as 10000")
        }
        ropeTheta = theta

        let vocabularySize = vocabularySize
        func token(_ field: String, _ id: Int) throws(ModelLoadingError) -> Int32 {
            guard (0..<vocabularySize).contains(id), let token = Int32(exactly: id) else {
                throw .invalidValue(
                    path: path, field: field, value: "\(id)", allowed: "0 to \(vocabularySize - 1), below vocab_size")
            }
            return token
        }
        var endTokenIDs: [Int32] = []
        for id in file.endTokenIDs?.values ?? [] {
            let token = try token("eos_token_id", id)
            if !endTokenIDs.contains(token) { endTokenIDs.append(token) }
        }
        self.endTokenIDs = endTokenIDs
        guard (file.beginTokenID?.values.count ?? 0) <= 1 else {
            throw .invalidValue(
                path: path, field: "bos_token_id", value: "\(file.beginTokenID?.values ?? [])", allowed: "one token id")
        }
        if let id = file.beginTokenID?.values.first {
            beginTokenID = try token("bos_token_id", id)
        } else {
            beginTokenID = nil
        }
    }

    // MARK: What is not supported

    private static func architecture(
        _ file: ModelConfigurationFile, path: String
    ) throws(ModelLoadingError) -> ModelArchitecture {
        // A few exporters leave `architectures` out and give only `model_type`.
        let name = file.architectures?.first ?? (file.modelType == "llama" ? ModelArchitecture.llama.rawValue : nil)
        guard let name, let architecture = ModelArchitecture(rawValue: name) else {
            throw .unsupported(
                path: path, feature: "architecture", value: name ?? file.modelType ?? "(none given)",
                supported: ModelArchitecture.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return architecture
    }

    private static func refuseUnsupported(_ file: ModelConfigurationFile, path: String) throws(ModelLoadingError) {
        func require(
            _ condition: Bool, _ feature: String, _ value: String?, _ supported: String
        ) throws(ModelLoadingError) {
            guard condition else {
                throw .unsupported(path: path, feature: feature, value: value ?? "(none)", supported: supported)
            }
        }
        try require(file.attentionBias != true, "attention_bias", "true", "false")
        try require(file.feedForwardBias != true, "mlp_bias", "true", "false")
        try require(file.activation ?? "silu" == "silu", "hidden_act", file.activation, "silu")
        try require(!file.isQuantized, "quantization_config", "(present)", "plain weights in F32, BF16 or F16")
        for rope in [file.ropeParameters, file.ropeScaling] {
            let type = rope?.type ?? "default"
            try require(type == "default", "rope type", type, "default")
            let fraction = rope?.rotatedFraction ?? 1
            try require(fraction == 1, "partial_rotary_factor", "\(fraction)", "1")
        }
        let names = ["float32", "bfloat16", "float16", "auto"]
        let type = file.elementType?.replacingOccurrences(of: "torch.", with: "")
        try require(type.map(names.contains) ?? true, "dtype", type, names.joined(separator: ", "))
    }
}
