extension ModelConfiguration {
    /// The tensors of a model by the names of Hugging Face checkpoints, with their shapes, in the order in which they
    /// are used; an output matrix that is the embedding is not listed.
    var tensorShapes: [(name: String, shape: [Int])] {
        let queryWidth = headCount * headDimension, keyWidth = keyValueHeadCount * headDimension
        var tensors = [("model.embed_tokens.weight", [vocabularySize, hiddenSize])]
        for layer in 0..<layerCount {
            var parts = [("input_layernorm.weight", [hiddenSize])]
            for (name, rows, columns, hasBias) in [
                ("q", queryWidth, hiddenSize, hasAttentionBias), ("k", keyWidth, hiddenSize, hasAttentionBias),
                ("v", keyWidth, hiddenSize, hasAttentionBias), ("o", hiddenSize, queryWidth, hasOutputBias),
            ] {
                parts.append(("self_attn.\(name)_proj.weight", [rows, columns]))
                if hasBias { parts.append(("self_attn.\(name)_proj.bias", [rows])) }
            }
            if normalizesHeads {
                parts += [("self_attn.q_norm.weight", [headDimension]), ("self_attn.k_norm.weight", [headDimension])]
            }
            parts += [
                ("post_attention_layernorm.weight", [hiddenSize]),
                ("mlp.gate_proj.weight", [intermediateSize, hiddenSize]),
                ("mlp.up_proj.weight", [intermediateSize, hiddenSize]),
                ("mlp.down_proj.weight", [hiddenSize, intermediateSize]),
            ]
            tensors += parts.map { ("model.layers.\(layer).\($0.0)", $0.1) }
        }
        tensors.append(("model.norm.weight", [hiddenSize]))
        if !tiesEmbeddings { tensors.append(("lm_head.weight", [vocabularySize, hiddenSize])) }
        return tensors
    }
}
