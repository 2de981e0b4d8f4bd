/// How the rotary frequencies of a model that was stretched to longer contexts differ from theta^(-2i/d).
public enum RotaryScaling: Sendable, Hashable {
    /// They do not.
    case none
    /// All are divided by `factor`: position interpolation (Chen et al. 2023, arXiv 2306.15595, section 2.3).
    case linear(factor: Double)
    /// Those that turn at most `lowFrequencyFactor` times within the original context are divided by `factor`, those
    /// that turn at least `highFrequencyFactor` times are kept, and those between are blended, linearly in their number
    /// of turns: Llama 3.1 (Grattafiori et al. 2024, arXiv 2407.21783; constants as in its release).
    case llama3(
        factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
    /// Frequency i is divided by number i, of d/2: the `rope_freqs.weight` of GGUF files.
    case divisors([Float])
}
