internal import Braid
internal import CBraidKernels
internal import Foundation

/// How an engine divides its memory among weights, activations, and keys and values.
struct MemoryPlan: Sendable, Hashable {
    /// Bytes of the weights, all of which may come to be in memory.
    let weightBytes: Int
    /// Bytes of one pass's activations.
    let activationBytes: Int
    /// Bytes of a page, all layers.
    let pageBytes: Int
    /// Pages.
    let pageCount: Int
    /// Longest context: the model's own limit, or what the pages hold.
    let contextLength: Int

    /// With less room than this nothing useful can be run.
    private static let leastContextLength = 256

    /// Divides the memory.
    /// - Parameters:
    ///   - cacheType: Element type of keys and values.
    ///   - weightBytes: Bytes of all weights as they are computed with.
    ///   - machineBytes: Memory of the machine.
    /// - Throws: ``EngineError/invalidOption(name:value:allowed:)``, which says the least that is needed.
    init(
        _ options: EmbeddedEngineOptions, _ configuration: ModelConfiguration, cacheType: CacheType, weightBytes: Int,
        machineBytes: UInt64 = ProcessInfo.processInfo.physicalMemory
    ) throws(EngineError) {
        func multiply(_ a: Int, _ b: Int) throws(EngineError) -> Int {
            let (product, overflow) = a.multipliedReportingOverflow(by: b)
            guard !overflow, product <= 1 << 46 else {
                throw .failed("this model needs more than 64 TiB of memory beside its weights")
            }
            return product
        }
        let shape = Transformer.kvShape(of: configuration, type: cacheType)
        pageBytes = shape.page_stride
        activationBytes = try multiply(
            try multiply(TransformerScratch.Widths(configuration, shape: shape).total, MemoryLayout<Float>.stride),
            options.maximumRows)
        self.weightBytes = weightBytes

        // A page more than the tokens fill: the last one is copied when two contexts share it.
        let fullCount = Self.pages(for: configuration.maximumContextLength)
        let leastCount = Self.pages(for: min(configuration.maximumContextLength, Self.leastContextLength))
        var count: Int
        if let bytes = options.cacheBytes {
            count = bytes / pageBytes
            guard count >= leastCount else {
                throw .invalidOption(
                    name: "cache bytes", value: "\(bytes)",
                    allowed: "at least \(try multiply(leastCount, pageBytes)), which hold a context of "
                        + "\(Self.positions(in: leastCount)) tokens")
            }
        } else {
            let half = Int(clamping: machineBytes / 2)
            count = max(leastCount, min(half / pageBytes, max(fullCount, (1 << 30) / pageBytes)))
        }
        if let limit = options.memoryLimit {
            let rest = weightBytes + activationBytes
            let least = rest + (try multiply(leastCount, pageBytes))
            guard limit >= least else {
                throw .invalidOption(
                    name: "memory limit", value: "\(limit) bytes",
                    allowed: "at least \(least) bytes: \(weightBytes) for weights, \(activationBytes) for activations, "
                        + "\(least - rest) for a context of \(Self.positions(in: leastCount)) tokens")
            }
            count = min(count, (limit - rest) / pageBytes)
        }
        pageCount = min(count, Int(Int32.max))
        _ = try multiply(pageCount, pageBytes)
        contextLength = min(configuration.maximumContextLength, Self.positions(in: pageCount))
    }

    private static func pages(for positions: Int) -> Int { positions / KVCache.pagePositions + 2 }

    private static func positions(in pageCount: Int) -> Int { (pageCount - 1) * KVCache.pagePositions }
}
