/// The weights of a Llama, by the names of Hugging Face checkpoints.
struct TransformerWeights: Sendable {
    /// One decoder layer; a projection is [outputs, inputs].
    struct Layer: Sendable {
        let inputNorm: [Float]
        let query: WeightMatrix
        let key: WeightMatrix
        let value: WeightMatrix
        let output: WeightMatrix
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

    /// Finds the tensors and brings their numbers into memory.
    /// - Parameters:
    ///   - plan: How matrices are kept.
    ///   - tensor: Gives the tensor of a name, which must have a shape.
    init(
        _ configuration: ModelConfiguration, plan: WeightPlan = .exact,
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
                    feedForwardNorm: try tensor(name + "post_attention_layernorm.weight", [hidden]).floats(),
                    gate: try matrix(name + "mlp.gate_proj.weight", inner, hidden),
                    up: try matrix(name + "mlp.up_proj.weight", inner, hidden),
                    down: try matrix(name + "mlp.down_proj.weight", hidden, inner)))
        }
        self.layers = layers
        finalNorm = try tensor("model.norm.weight", [hidden]).floats()
        head =
            configuration.tiesEmbeddings
            ? embedding : try matrix("lm_head.weight", configuration.vocabularySize, hidden)
    }

    /// Finds the tensors of a folder.
    init(_ folder: ModelFolder, plan: WeightPlan = .exact) throws(ModelLoadingError) {
        try self.init(folder.configuration, plan: plan) { (name, shape) throws(ModelLoadingError) in
            try folder.tensor(name, shape: shape)
        }
    }
}
