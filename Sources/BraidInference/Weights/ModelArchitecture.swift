/// A family of models that the embedded engine can run.
///
/// All of them are decoders with RMS norms, rotary positions, SwiGLU and grouped-query attention; the cases say what
/// differs.
public enum ModelArchitecture: String, Sendable, Hashable, CaseIterable {
    /// Llama 2 and 3, and everything that copies them; projections of attention may have biases.
    case llama = "LlamaForCausalLM"
    /// Mistral: Llama with a window of positions that attention looks back at.
    case mistral = "MistralForCausalLM"
    /// Qwen 2 and 2.5: queries, keys and values have biases.
    case qwen2 = "Qwen2ForCausalLM"
    /// Qwen 3: each query and key head is normalised before it is rotated.
    case qwen3 = "Qwen3ForCausalLM"

    /// The `model_type` of `config.json`, which is also the name of the family.
    public var modelType: String {
        switch self {
        case .llama: "llama"
        case .mistral: "mistral"
        case .qwen2: "qwen2"
        case .qwen3: "qwen3"
        }
    }
}
