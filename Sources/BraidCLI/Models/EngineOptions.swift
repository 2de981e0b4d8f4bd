import ArgumentParser
import BraidInference

/// How a command runs its models.
struct EngineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Most memory for weights, activations and cache together: bytes, or a number with K, M, G or T.",
            valueName: "bytes"))
    var memoryLimit: ByteCount?

    @Flag(help: "Takes the cache's memory at the start, so that no request waits for the system to provide it.")
    var preallocate = false

    @Option(help: "Keeps the model's matrices in 8 or 4 bits: smaller and faster, and a little less exact.")
    var quantize: WeightQuantization = .none

    /// The options of the embedded engine.
    var options: EmbeddedEngineOptions {
        EmbeddedEngineOptions(
            preallocatesCache: preallocate, memoryLimit: memoryLimit?.bytes, quantization: quantize)
    }
}
