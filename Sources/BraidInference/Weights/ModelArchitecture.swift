/// A family of models that the embedded engine can run.
public enum ModelArchitecture: String, Sendable, Hashable, CaseIterable {
    /// Llama 2 and 3, and everything that copies them: RMS norm, rotary positions, SwiGLU, grouped-query attention.
    case llama = "LlamaForCausalLM"
}
