import Braid
import Testing

@testable import BraidInference

/// A transformer with its cache, driven by hand.
final class CachedTransformer {
    let transformer: Transformer
    let memory: KVMemory
    var cache: KVCache

    init(
        configuration: ModelConfiguration, weights: TransformerWeights, level: KernelLevel = .best, threads: Int = 2,
        pages: Int = 256, maximumRows: Int = 64, type: CacheType = .float32
    ) throws {
        cache = KVCache(pageCount: pages)
        memory = KVMemory(shape: Transformer.kvShape(of: configuration, type: type), pageCount: pages)
        transformer = Transformer(
            configuration: configuration, weights: weights, kernels: try #require(level.kernels),
            pool: try ComputePool(threads: threads), memory: memory, maximumRows: maximumRows)
    }

    convenience init(
        _ source: ModelSource, level: KernelLevel = .best, threads: Int = 2, pages: Int = 256, maximumRows: Int = 64,
        type: CacheType = .float32
    ) throws {
        try self.init(
            configuration: source.configuration, weights: TransformerWeights(source), level: level, threads: threads,
            pages: pages, maximumRows: maximumRows, type: type)
    }

    /// Appends tokens to several contexts in one step; logits of all rows, per context.
    /// - Parameter thought: Number of the thought that they belong to.
    func step(_ work: [(ContextID, [TokenID])], thought: Int = 0) throws -> [[[Float]]] {
        var batch = ForwardBatch()
        var ranges: [Range<Int>] = []
        for (context, tokens) in work {
            let reservation = try cache.append(tokens.count, to: context)
            if let copy = reservation.copy { memory.perform(copy) }
            ranges.append(
                batch.append(tokens, at: reservation, in: try cache.view(of: context), thought: thought, logits: .all))
        }
        let logits = transformer.forward(batch)
        return ranges.map { $0.map { Array(logits[$0]) } }
    }

    /// Appends tokens to one context, in chunks.
    func extend(
        _ context: ContextID, _ tokens: [TokenID], chunk: Int = 64, thought: Int = 0
    ) throws -> [[Float]] {
        var logits: [[Float]] = []
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let part = Array(tokens[start..<min(tokens.count, start + chunk)])
            logits += try step([(context, part)], thought: thought)[0]
        }
        return logits
    }
}
