/// The metadata of a GGUF file, in the terms of `config.json`.
extension ModelConfigurationFile {
    /// Reads what the file says.
    ///
    /// - Throws: ``ModelLoadingError``: a key is missing, or of another kind, or asks for what has no counterpart in
    ///   `config.json`.
    init(_ file: GGUFFile) throws(ModelLoadingError) {
        self.init()
        func unsupported(_ feature: String, _ value: String, _ supported: String) -> ModelLoadingError {
            .unsupported(path: file.path, feature: feature, value: value, supported: supported)
        }
        if let parts = try file.integer("split.count"), parts > 1 {
            throw unsupported(
                "a model in", "\(parts) parts",
                "one file; join them with llama-gguf-split --merge FIRST-PART JOINED-FILE")
        }
        guard let name = try file.string("general.architecture") else {
            throw .malformedFile(path: file.path, reason: "the key general.architecture is missing")
        }
        modelType = name
        let families: [String: ModelArchitecture] = ["llama": .llama, "qwen2": .qwen2, "qwen3": .qwen3]
        guard let family = families[name] else {
            throw unsupported("architecture", name, families.keys.sorted().joined(separator: ", "))
        }
        if let experts = try file.integer("\(name).expert_count"), experts > 0 {
            throw unsupported("\(name).expert_count", "\(experts)", "models without experts")
        }

        /// A number that may be given once for every layer, if it is the same in all.
        func number(_ key: String) throws(ModelLoadingError) -> Int? {
            guard case .array = file.values[key] else { return try file.integer(key) }
            guard let numbers = try file.integers(key), let first = numbers.first else { return nil }
            guard numbers.allSatisfy({ $0 == first }) else {
                throw unsupported(key, "that differs by layer", "one number for all layers")
            }
            return first
        }
        hiddenSize = try file.integer("\(name).embedding_length")
        intermediateSize = try number("\(name).feed_forward_length")
        layerCount = try file.integer("\(name).block_count")
        headCount = try number("\(name).attention.head_count")
        keyValueHeadCount = try number("\(name).attention.head_count_kv") ?? headCount
        headDimension = try file.integer("\(name).attention.key_length")
        if headDimension == nil, let hiddenSize, let headCount, headCount > 0, hiddenSize.isMultiple(of: headCount) {
            headDimension = hiddenSize / headCount
        }
        if let width = try file.integer("\(name).attention.value_length"), let headDimension, width != headDimension {
            throw unsupported("\(name).attention.value_length", "\(width)", "that of the keys, \(headDimension)")
        }
        if let turned = try file.integer("\(name).rope.dimension_count"), let headDimension, turned != headDimension {
            throw unsupported("\(name).rope.dimension_count", "\(turned)", "the width of a head, \(headDimension)")
        }
        normEpsilon = try file.float("\(name).attention.layer_norm_rms_epsilon")
        guard normEpsilon != nil else {
            throw .malformedFile(
                path: file.path, reason: "the key \(name).attention.layer_norm_rms_epsilon is missing")
        }
        guard let length = try file.integer("\(name).context_length") else {
            throw .malformedFile(path: file.path, reason: "the key \(name).context_length is missing")
        }
        maximumContextLength = length
        ropeTheta = try file.float("\(name).rope.freq_base")
        ropeScaling = try Self.scaling(file, name)
        guard let embedding = file.tensors["token_embd.weight"] else {
            throw .missingTensor(name: "token_embd.weight", path: file.path)
        }
        vocabularySize = embedding.shape.first
        tiesEmbeddings = file.tensors["output.weight"] == nil
        attentionBias = file.tensors["blk.0.attn_q.bias"] != nil
        outputBias = file.tensors["blk.0.attn_output.bias"] != nil

        // Mistral goes by the name of llama; only its window tells them apart.
        architectures = [family.rawValue]
        if let window = try file.integer("\(name).attention.sliding_window"), window > 0, family == .llama {
            guard attentionBias == false, outputBias == false else {
                throw unsupported("\(name).attention.sliding_window", "\(window) with biases", "none with biases")
            }
            architectures = [ModelArchitecture.mistral.rawValue]
            self.window = window
        }
        hasWindowKey = true

        // Each of these ends an answer.
        var ends: [Int] = []
        for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
            if let id = try file.integer("tokenizer.ggml.\(key)") { ends.append(id) }
        }
        endTokenIDs = TokenIDs(ends)
        if try file.bool("tokenizer.ggml.add_bos_token") != false,
            let id = try file.integer("tokenizer.ggml.bos_token_id")
        {
            beginTokenID = TokenIDs([id])
        }
        fieldNames = [
            .hiddenSize: "\(name).embedding_length", .intermediateSize: "\(name).feed_forward_length",
            .layerCount: "\(name).block_count", .headCount: "\(name).attention.head_count",
            .keyValueHeadCount: "\(name).attention.head_count_kv", .headDimension: "\(name).attention.key_length",
            .normEpsilon: "\(name).attention.layer_norm_rms_epsilon", .ropeTheta: "\(name).rope.freq_base",
            .vocabularySize: "the number of rows of token_embd.weight",
            .maximumContextLength: "\(name).context_length", .window: "\(name).attention.sliding_window",
            .endTokenIDs: "a token of tokenizer.ggml that ends an answer",
            .beginTokenID: "tokenizer.ggml.bos_token_id",
        ]
    }

    private static func scaling(_ file: GGUFFile, _ name: String) throws(ModelLoadingError) -> Rope {
        var rope = Rope()
        var factor = try file.float("\(name).rope.scaling.factor")
        // Files of 2023 have it under another name.
        if factor == nil { factor = try file.float("\(name).rope.scale_linear") }
        let kind = try file.string("\(name).rope.scaling.type") ?? (factor == nil ? "none" : "linear")
        switch kind {
        case "none": break
        case "linear":
            rope.type = "linear"
            rope.factor = factor
        default: rope.type = kind
        }
        if file.tensors["rope_freqs.weight"] != nil {
            let divisors = try file.tensor("rope_freqs.weight").floats()
            // Both may be there, and multiply.
            let common = kind == "linear" ? Float(factor ?? 1) : 1
            rope.divisors = divisors.map { $0 * common }
        }
        return rope
    }
}
