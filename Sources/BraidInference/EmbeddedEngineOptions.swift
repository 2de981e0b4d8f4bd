internal import Foundation

/// How an embedded engine uses the machine. Only ``quantization`` and ``kernels`` change a result.
public struct EmbeddedEngineOptions: Sendable, Hashable {
    /// Threads that compute: 1...64. Default: the processor's cores, at most 8.
    public var threads: Int
    /// Memory for keys and values in bytes; at least one full context always fits. Default: 1 GiB, of which the system
    /// provides only what is used.
    public var cacheBytes: Int
    /// Most rows of one step, tokens prefilled and decoded together: 2...4096. More make prefill faster and the steps of
    /// those who decode meanwhile longer. Default: 64.
    public var maximumRows: Int
    /// Instruction set of the kernels. Default: the best that the processor has. Scalar and vector levels differ in the
    /// last bits.
    public var kernels: KernelLevel

    /// Whether matrices are kept in fewer bits than the model's files have. Default: as the files have them.
    public var quantization: WeightQuantization

    /// Creates options.
    public init(
        threads: Int? = nil, cacheBytes: Int = 1 << 30, maximumRows: Int = 64, kernels: KernelLevel = .best,
        quantization: WeightQuantization = .none
    ) {
        self.threads = threads ?? min(8, ProcessInfo.processInfo.activeProcessorCount)
        self.cacheBytes = cacheBytes
        self.maximumRows = maximumRows
        self.kernels = kernels
        self.quantization = quantization
    }
}
