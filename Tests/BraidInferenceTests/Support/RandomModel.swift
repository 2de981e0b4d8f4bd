import Foundation

@testable import BraidInference

/// A model of the built-in one's shape, with random bf16 weights.
enum RandomModel {
    static func configuration(
        hidden: Int = 256, layers: Int = 4, heads: Int = 4, inner: Int = 704, vocabulary: Int = 2944
    ) throws -> ModelConfiguration {
        let json = """
            {"architectures": ["LlamaForCausalLM"], "hidden_size": \(hidden), "intermediate_size": \(inner),
             "num_hidden_layers": \(layers), "num_attention_heads": \(heads), "num_key_value_heads": \(heads),
             "vocab_size": \(vocabulary), "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
             "tie_word_embeddings": true, "eos_token_id": 0}
            """
        let file = try JSONDecoder().decode(ModelConfigurationFile.self, from: Data(json.utf8))
        return try ModelConfiguration(file, path: "config.json")
    }

    static func weights(
        _ configuration: ModelConfiguration, seed: UInt64 = 1, plan: WeightPlan = .exact
    ) throws -> TransformerWeights {
        var random = SeededGenerator(seed: seed)
        return try TransformerWeights(configuration, plan: plan) { (_, shape) throws(ModelLoadingError) in
            let spread: Float = shape.count == 1 ? 0.1 : 0.05
            let values = (0..<shape.reduce(1, *)).map { _ in
                let value = Float.random(in: -spread...spread, using: &random) + (shape.count == 1 ? 1 : 0)
                return UInt16(value.bitPattern >> 16)
            }
            let bytes = values.withUnsafeBytes { AlignedBytes(copying: $0) }
            return TensorView(elementType: .bfloat16, shape: shape, bytes: bytes.bytes, owner: bytes)
        }
    }
}
