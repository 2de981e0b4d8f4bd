public import Foundation

/// The dimensions and constants of a model, as its files give them, checked.
///
/// Both ways of writing `config.json` are read: that of Transformers up to 4 (`rope_theta`, `rope_scaling`,
/// `torch_dtype`) and that of Transformers 5 (`rope_parameters`, `dtype`).
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
    /// Whether the projections to queries, keys and values have biases.
    public let hasAttentionBias: Bool
    /// Whether the projection out of attention has a bias.
    public let hasOutputBias: Bool
    /// What is added to the mean square before its root is taken.
    public let normEpsilon: Float
    /// The base of the rotary position frequencies.
    public let ropeTheta: Double
    /// What is done to those frequencies.
    public let ropeScaling: RotaryScaling
    /// The number of rows of the embedding, at least the number of tokens of the tokenizer.
    public let vocabularySize: Int
    /// Whether the output matrix is the embedding.
    public let tiesEmbeddings: Bool
    /// The longest context that the engine runs, in tokens: what the model was trained for, or ``attentionWindow`` if
    /// that is less.
    public let maximumContextLength: Int
    /// How many positions some layer looks back at, itself included, if that is less than the model was trained for.
    ///
    /// Up to so many tokens attention with a window is plain attention, which is all that the engine does.
    public let attentionWindow: Int?
    /// The tokens that end an answer, each once; may be empty.
    public let endTokenIDs: [Int32]
    /// The token that begins every context, if the model has one.
    public let beginTokenID: Int32?

    /// Whether each query and key head has an RMS norm before its rotation.
    public var normalizesHeads: Bool { architecture == .qwen3 }

    /// Reads `config.json` in a model's folder, and of `generation_config.json`, if there is one, what ends an answer.
    ///
    /// - Throws: ``ModelLoadingError``: the first file is missing or no JSON, a number is out of range, or the model needs
    ///   something that the embedded engine does not do.
    public init(contentsOf folder: URL) throws(ModelLoadingError) {
        let url = folder.appendingPathComponent("config.json")
        var file = try MappedFile.decodeJSON(
            ModelConfigurationFile.self, from: url, maximumByteCount: 16_000_000,
            advice: "give the folder of a model in Hugging Face layout, or a .gguf file")
        let ends = try GenerationConfigurationFile.endTokenIDs(in: folder, vocabularySize: file.vocabularySize ?? 0)
        file.endTokenIDs = ModelConfigurationFile.TokenIDs((file.endTokenIDs?.values ?? []) + ends)
        try self.init(file, path: url.path)
    }

    /// Checks what the file says.
    init(_ file: ModelConfigurationFile, path: String) throws(ModelLoadingError) {
        let architecture = try Self.architecture(file, path: path)
        self.architecture = architecture
        try Self.refuseUnsupported(file, path: path)

        func dimension(
            _ field: ModelConfigurationFile.CodingKeys, _ value: Int?, _ limit: Int
        ) throws(ModelLoadingError) -> Int {
            guard let value, (1...limit).contains(value) else {
                throw .invalidValue(
                    path: path, field: file.name(of: field), value: value.map(String.init) ?? "missing",
                    allowed: "1 to \(limit)")
            }
            return value
        }
        hiddenSize = try dimension(.hiddenSize, file.hiddenSize, 65_536)
        intermediateSize = try dimension(.intermediateSize, file.intermediateSize, 1_048_576)
        layerCount = try dimension(.layerCount, file.layerCount, 1_024)
        headCount = try dimension(.headCount, file.headCount, 4_096)
        keyValueHeadCount = try dimension(
            .keyValueHeadCount, file.keyValueHeadCount ?? (architecture == .llama ? headCount : nil), headCount)
        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw .invalidValue(
                path: path, field: file.name(of: .keyValueHeadCount), value: "\(keyValueHeadCount)",
                allowed: "a divisor of \(file.name(of: .headCount)), \(headCount)")
        }
        let givenHeadDimension = file.headDimension ?? (architecture == .qwen3 ? 128 : nil)
        if givenHeadDimension == nil, !hiddenSize.isMultiple(of: headCount) {
            throw .invalidValue(
                path: path, field: file.name(of: .hiddenSize), value: "\(hiddenSize)",
                allowed: "a multiple of \(file.name(of: .headCount)), \(headCount), "
                    + "unless \(file.name(of: .headDimension)) is given")
        }
        headDimension = try dimension(.headDimension, givenHeadDimension ?? hiddenSize / headCount, 1_024)
        guard headDimension.isMultiple(of: 2) else {
            throw .invalidValue(
                path: path, field: file.name(of: .headDimension), value: "\(headDimension)",
                allowed: "an even number, because rotary positions turn pairs")
        }
        switch architecture {
        case .llama, .qwen3:
            hasAttentionBias = file.attentionBias ?? false
            hasOutputBias = file.outputBias ?? hasAttentionBias
        case .mistral: (hasAttentionBias, hasOutputBias) = (false, false)
        case .qwen2: (hasAttentionBias, hasOutputBias) = (true, false)
        }
        vocabularySize = try dimension(.vocabularySize, file.vocabularySize, 1 << 24)
        tiesEmbeddings = file.tiesEmbeddings ?? false

        let trainedLength = try dimension(
            .maximumContextLength, file.maximumContextLength ?? Self.defaultContextLength(architecture), 1 << 26)
        let window = Self.window(file, architecture, layerCount: layerCount)
        if let window, window < trainedLength {
            attentionWindow = try dimension(.window, window, 1 << 26)
            maximumContextLength = window
        } else {
            attentionWindow = nil
            maximumContextLength = trainedLength
        }

        let epsilon = file.normEpsilon ?? 1e-6
        guard epsilon > 0, epsilon < 1, Float(epsilon) > 0 else {
            throw .invalidValue(
                path: path, field: file.name(of: .normEpsilon), value: "\(epsilon)",
                allowed: "a positive number below 1, such as 1e-6")
        }
        normEpsilon = Float(epsilon)
        let theta = file.rope?.theta ?? file.ropeTheta ?? 10_000
        guard theta >= 1, theta <= 1e12 else {
            throw .invalidValue(
                path: path, field: file.name(of: .ropeTheta), value: "\(theta)", allowed: "1 to 1e12, such as 10000")
        }
        ropeTheta = theta
        ropeScaling = try Self.scaling(
            file.rope, trainedLength: trainedLength, headDimension: headDimension, path: path)

        let vocabularySize = vocabularySize
        func token(
            _ field: ModelConfigurationFile.CodingKeys, _ id: Int
        ) throws(ModelLoadingError) -> Int32 {
            guard (0..<vocabularySize).contains(id), let token = Int32(exactly: id) else {
                throw .invalidValue(
                    path: path, field: file.name(of: field), value: "\(id)",
                    allowed: "0 to \(vocabularySize - 1), below \(file.name(of: .vocabularySize))")
            }
            return token
        }
        var endTokenIDs: [Int32] = []
        for id in file.endTokenIDs?.values ?? [] {
            let token = try token(.endTokenIDs, id)
            if !endTokenIDs.contains(token) { endTokenIDs.append(token) }
        }
        self.endTokenIDs = endTokenIDs
        guard (file.beginTokenID?.values.count ?? 0) <= 1 else {
            throw .invalidValue(
                path: path, field: file.name(of: .beginTokenID), value: "\(file.beginTokenID?.values ?? [])",
                allowed: "one token id")
        }
        if let id = file.beginTokenID?.values.first {
            beginTokenID = try token(.beginTokenID, id)
        } else {
            beginTokenID = nil
        }
    }

    // MARK: What is left out

    /// What Transformers takes if a configuration does not say.
    private static func defaultContextLength(_ architecture: ModelArchitecture) -> Int {
        switch architecture {
        case .llama: 2_048
        case .mistral: 131_072
        case .qwen2, .qwen3: 32_768
        }
    }

    /// The window of the layers that have one, as Transformers decides it.
    private static func window(
        _ file: ModelConfigurationFile, _ architecture: ModelArchitecture, layerCount: Int
    ) -> Int? {
        switch architecture {
        case .llama: return nil
        case .mistral: return file.hasWindowKey ? file.window : 4_096
        case .qwen2, .qwen3:
            guard file.usesWindow == true else { return nil }
            let hasWindowedLayers =
                file.layerTypes?.contains("sliding_attention") ?? ((file.windowedLayersStart ?? 28) < layerCount)
            return hasWindowedLayers ? (file.hasWindowKey ? file.window : 4_096) : nil
        }
    }

    // MARK: Rotary positions

    private static func scaling(
        _ rope: ModelConfigurationFile.Rope?, trainedLength: Int, headDimension: Int, path: String
    ) throws(ModelLoadingError) -> RotaryScaling {
        guard let rope else { return .none }
        func positive(_ field: String, _ value: Double?, _ limit: Double) throws(ModelLoadingError) -> Double {
            guard let value, value > 0, value <= limit, Float(value) > 0 else {
                throw .invalidValue(
                    path: path, field: "rope scaling: \(field)", value: value.map { "\($0)" } ?? "missing",
                    allowed: "a positive number, at most \(limit)")
            }
            return value
        }
        if let divisors = rope.divisors {
            guard divisors.count == headDimension / 2, divisors.allSatisfy({ $0 > 0 && $0.isFinite }) else {
                throw .invalidValue(
                    path: path, field: "divisors of rotary frequencies", value: "\(divisors.count) numbers",
                    allowed: "\(headDimension / 2) positive numbers, half the width of a head")
            }
            return .divisors(divisors)
        }
        switch rope.type ?? "default" {
        case "linear":
            return .linear(factor: try positive("factor", rope.factor, 1e6))
        case "llama3":
            let low = try positive("low_freq_factor", rope.lowFrequencyFactor, 1e6)
            let high = try positive("high_freq_factor", rope.highFrequencyFactor, 1e6)
            guard Float(high - low) > 0 else {
                throw .invalidValue(
                    path: path, field: "rope scaling: high_freq_factor", value: "\(high)",
                    allowed: "more than low_freq_factor, \(low)")
            }
            let original = Double(rope.originalContextLength ?? trainedLength)
            return .llama3(
                factor: try positive("factor", rope.factor, 1e6), lowFrequencyFactor: low, highFrequencyFactor: high,
                originalContextLength: Int(
                    try positive("original_max_position_embeddings", original, Double(1 << 26))))
        default:
            return .none
        }
    }

    // MARK: What is not supported

    private static func architecture(
        _ file: ModelConfigurationFile, path: String
    ) throws(ModelLoadingError) -> ModelArchitecture {
        // A few exporters leave `architectures` out and give only `model_type`.
        if let name = file.architectures?.first {
            if let architecture = ModelArchitecture(rawValue: name) { return architecture }
        } else if let architecture = ModelArchitecture.allCases.first(where: { $0.modelType == file.modelType }) {
            return architecture
        }
        throw .unsupported(
            path: path, feature: "architecture", value: file.architectures?.first ?? file.modelType ?? "(none given)",
            supported: ModelArchitecture.allCases.map(\.rawValue).joined(separator: ", "))
    }

    private static func refuseUnsupported(
        _ file: ModelConfigurationFile, path: String
    ) throws(ModelLoadingError) {
        func require(
            _ condition: Bool, _ feature: String, _ value: String?, _ supported: String
        ) throws(ModelLoadingError) {
            guard condition else {
                throw .unsupported(path: path, feature: feature, value: value ?? "(none)", supported: supported)
            }
        }
        try require(file.feedForwardBias != true, "mlp_bias", "true", "false")
        try require(file.activation ?? "silu" == "silu", "hidden_act", file.activation, "silu")
        try require(!file.isQuantized, "quantization_config", "(present)", "plain weights in F32, BF16 or F16")
        let type = file.rope?.type ?? "default"
        try require(["default", "linear", "llama3"].contains(type), "rope type", type, "default, linear, llama3")
        try require(file.rope?.differsByLayer != true, "rope by kind of layer", "(present)", "one for all layers")
        for fraction in [file.rope?.rotatedFraction ?? 1, file.rotatedFraction ?? 1] {
            try require(fraction == 1, "partial_rotary_factor", "\(fraction)", "1")
        }
        let kinds = ["full_attention", "sliding_attention"]
        let kind = file.layerTypes?.first { !kinds.contains($0) }
        try require(kind == nil, "layer type", kind, kinds.joined(separator: ", "))
        let names = ["float32", "bfloat16", "float16", "auto"]
        let elementType = file.elementType?.replacingOccurrences(of: "torch.", with: "")
        try require(elementType.map(names.contains) ?? true, "dtype", elementType, names.joined(separator: ", "))
    }
}
