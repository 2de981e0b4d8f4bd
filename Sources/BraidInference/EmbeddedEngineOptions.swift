internal import Foundation

/// How an embedded engine uses the machine. Only ``quantization``, ``cacheType`` and ``kernels`` change results.
public struct EmbeddedEngineOptions: Sendable, Hashable {
    /// Threads that compute: 1...64. Default: the processor's cores, at most 8.
    public var threads: Int
    /// Memory for keys and values in bytes, of which the system provides only what is used; nil for 1 GiB, or what one
    /// full context needs if that is more, but at most half of the machine's memory. What fits decides how long a context
    /// can be.
    public var cacheBytes: Int?
    /// Whether the system provides all of the cache's memory when the engine is made. Where it is slow at that, as in many
    /// virtual machines, reading a prompt into new memory takes up to twice as long. Default: no.
    public var preallocatesCache: Bool
    /// Most memory for weights, activations, and keys and values together, in bytes; nil for no such limit.
    public var memoryLimit: Int?
    /// Whether full pages stay behind when a context ends, for others that begin with the same tokens. Off for measuring.
    public var keepsPrefixes: Bool
    /// Whether steps guess ahead: tokens that the grammar forces, and what followed the same few tokens before, are run
    /// together with the token before them where rows are free. Default: no, until it is measured to pay.
    public var speculates: Bool
    /// Most rows of one step, tokens prefilled and decoded together: 2...4096. More make prefill faster and the steps of
    /// those who decode meanwhile longer. Default: 64.
    public var maximumRows: Int
    /// Instruction set of the kernels. Default: the best that the processor has. Scalar and vector levels differ in the
    /// last bits.
    public var kernels: KernelLevel

    /// Element type of cached keys and values. Default: ``CacheType/automatic``.
    public var cacheType: CacheType
    /// Whether matrices are kept in fewer bits than the model's files have. Default: as the files have them.
    public var quantization: WeightQuantization

    /// Creates options.
    public init(
        threads: Int? = nil, cacheBytes: Int? = nil, preallocatesCache: Bool = false, memoryLimit: Int? = nil,
        keepsPrefixes: Bool = true,
        speculates: Bool = false, maximumRows: Int = 64, kernels: KernelLevel = .best,
        cacheType: CacheType = .automatic, quantization: WeightQuantization = .none
    ) {
        self.threads = threads ?? min(8, ProcessInfo.processInfo.activeProcessorCount)
        self.cacheBytes = cacheBytes
        self.preallocatesCache = preallocatesCache
        self.memoryLimit = memoryLimit
        self.keepsPrefixes = keepsPrefixes
        self.speculates = speculates
        self.maximumRows = maximumRows
        self.kernels = kernels
        self.cacheType = cacheType
        self.quantization = quantization
    }
}
