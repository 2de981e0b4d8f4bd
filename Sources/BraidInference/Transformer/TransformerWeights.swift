internal import CBraidKernels

/// The weights of a model, by the names of Hugging Face checkpoints.
struct TransformerWeights: Sendable {
    /// One decoder layer; a projection is [outputs, inputs], a bias [outputs], the norm of a head [head dimension].
    struct Layer: Sendable {
        let inputNorm: [Float]
        let query: WeightMatrix
        let key: WeightMatrix
        let value: WeightMatrix
        let output: WeightMatrix
        let queryBias: [Float]?
        let keyBias: [Float]?
        let valueBias: [Float]?
        let outputBias: [Float]?
        let queryNorm: [Float]?
        let keyNorm: [Float]?
        /// [thoughts, head dimension]: added to keys, before they are turned, and values; row 0 outside of thoughts.
        let thoughts: [Float]?
        let feedForwardNorm: [Float]
        let gate: WeightMatrix
        let up: WeightMatrix
        let down: WeightMatrix
    }

    /// [vocabulary, hidden].
    let embedding: WeightMatrix
    let layers: [Layer]
    let finalNorm: [Float]
    /// [vocabulary, hidden]; the embedding when they are tied.
    let head: WeightMatrix
    /// Whether the head is the embedding.
    let isTied: Bool
    private let headDimension: Int

    /// Finds the tensors and brings their numbers into memory.
    /// - Parameters:
    ///   - plan: How matrices are kept.
    ///   - thoughtRows: Rows of the tables of thought embeddings; 0 when there are none.
    ///   - tensor: Gives the tensor of a name, which must have a shape.
    init(
        _ configuration: ModelConfiguration, plan: WeightPlan = .exact, thoughtRows: Int = 0,
        tensor: (String, [Int]) throws(ModelLoadingError) -> TensorView
    ) throws(ModelLoadingError) {
        let hidden = configuration.hiddenSize
        let queryWidth = configuration.headCount * configuration.headDimension
        let keyWidth = configuration.keyValueHeadCount * configuration.headDimension
        let inner = configuration.intermediateSize
        let arena = WeightArena()
        func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelLoadingError) -> WeightMatrix {
            let tensor = try tensor(name, [rows, columns])
            return WeightMatrix(tensor, as: plan.kind(of: tensor), in: arena)
        }
        func vector(_ name: String, _ count: Int, if isThere: Bool) throws(ModelLoadingError) -> [Float]? {
            isThere ? try tensor(name, [count]).floats() : nil
        }
        let hasBias = configuration.hasAttentionBias, normalizesHeads = configuration.normalizesHeads
        let headDimension = configuration.headDimension
        self.headDimension = headDimension
        embedding = try matrix("model.embed_tokens.weight", configuration.vocabularySize, hidden)
        var layers: [Layer] = []
        for index in 0..<configuration.layerCount {
            let name = "model.layers.\(index)."
            layers.append(
                Layer(
                    inputNorm: try tensor(name + "input_layernorm.weight", [hidden]).floats(),
                    query: try matrix(name + "self_attn.q_proj.weight", queryWidth, hidden),
                    key: try matrix(name + "self_attn.k_proj.weight", keyWidth, hidden),
                    value: try matrix(name + "self_attn.v_proj.weight", keyWidth, hidden),
                    output: try matrix(name + "self_attn.o_proj.weight", hidden, queryWidth),
                    queryBias: try vector(name + "self_attn.q_proj.bias", queryWidth, if: hasBias),
                    keyBias: try vector(name + "self_attn.k_proj.bias", keyWidth, if: hasBias),
                    valueBias: try vector(name + "self_attn.v_proj.bias", keyWidth, if: hasBias),
                    outputBias: try vector(
                        name + "self_attn.o_proj.bias", hidden, if: configuration.hasOutputBias),
                    queryNorm: try vector(name + "self_attn.q_norm.weight", headDimension, if: normalizesHeads),
                    keyNorm: try vector(name + "self_attn.k_norm.weight", headDimension, if: normalizesHeads),
                    thoughts: thoughtRows > 0
                        ? try tensor(name + Self.thoughtTable, [thoughtRows, headDimension]).floats() : nil,
                    feedForwardNorm: try tensor(name + "post_attention_layernorm.weight", [hidden]).floats(),
                    gate: try matrix(name + "mlp.gate_proj.weight", inner, hidden),
                    up: try matrix(name + "mlp.up_proj.weight", inner, hidden),
                    down: try matrix(name + "mlp.down_proj.weight", hidden, inner)))
        }
        self.layers = layers
        finalNorm = try tensor("model.norm.weight", [hidden]).floats()
        isTied = configuration.tiesEmbeddings
        head =
            isTied
            ? embedding : try matrix("lm_head.weight", configuration.vocabularySize, hidden)
    }

    /// Threads that there are thought embeddings for: row 0 is for what is no thread's.
    var thoughtCount: Int {
        guard let rows = layers.first?.thoughts?.count, headDimension > 0 else { return 0 }
        return max(0, rows / headDimension - 1)
    }

    /// Bytes of all matrices as they are computed with.
    var byteCount: Int {
        let inLayers = layers.reduce(0) { sum, layer in
            let matrices = [layer.query, layer.key, layer.value, layer.output, layer.gate, layer.up, layer.down]
            return sum + matrices.reduce(0) { $0 + $1.byteCount }
        }
        return inLayers + embedding.byteCount + (isTied ? 0 : head.byteCount)
    }

    /// What ``CacheType/automatic`` means for these weights; any other type means itself.
    func cacheType(for type: CacheType) -> CacheType {
        guard type == .automatic else { return type }
        return layers.allSatisfy { $0.query.kind.isExact } ? .float32 : .float16
    }

    /// What a ParaThinker checkpoint calls the thought embeddings of a layer.
    private static let thoughtTable = "self_attn.seg_embeddings.weight"

    /// Finds the tensors of a model's files.
    init(_ source: ModelSource, plan: WeightPlan = .exact) throws(ModelLoadingError) {
        let table = "model.layers.0." + Self.thoughtTable
        let thoughtRows = source.tensorNames.contains(table) ? try source.tensor(table).shape.first ?? 0 : 0
        try self.init(source.configuration, plan: plan, thoughtRows: thoughtRows) {
            (name, shape) throws(ModelLoadingError) in
            try source.tensor(name, shape: shape)
        }
    }
}
