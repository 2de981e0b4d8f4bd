public import Braid
internal import CBraidKernels
public import Foundation

/// The engine inside the package: runs a Hugging Face folder of the Llama family on the processor.
///
/// ```swift
/// let engine = try EmbeddedEngine(contentsOf: folder)
/// let context = try await engine.open("12 + 34 = ")
/// for try await event in context.decode(DecodingOptions(stops: [], maximumTokens: 20)) { print(event) }
/// await context.close()
/// ```
///
/// All contexts share one forward pass per step and one key-value cache. The same seed gives the same tokens, byte for
/// byte, alone or beside any number of others. Tokens that end an answer by the model's `config.json` end every decode
/// call, named among its stops or not.
public final class EmbeddedEngine: Engine {
    /// What this engine is and can do.
    public let description: EngineDescription
    /// The model's tokenizer.
    public let tokenizer: Tokenizer
    /// A hash of the vocabulary: engines with the same fingerprint give the same ids.
    public var vocabularyFingerprint: String { tokenizer.fingerprint }
    private let worker: InferenceWorker
    private let encoder: TokenTextEncoder

    /// Loads a model's folder; its matrices are copied into memory, in the order in which the kernels read them.
    ///
    /// - Throws: ``ModelLoadingError`` for what is wrong with the files, `EngineError` for what is wrong with the options.
    public init(contentsOf folder: URL, options: EmbeddedEngineOptions = EmbeddedEngineOptions()) throws {
        let model = try ModelFolder(contentsOf: folder)
        let configuration = model.configuration
        let kernels = try Self.kernels(options)
        let plan = WeightPlan(configuration, quantization: options.quantization, kernels: kernels)
        let weights = try TransformerWeights(model, plan: plan)
        let tokenizer = try Tokenizer(contentsOf: folder)
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw ModelLoadingError.invalidValue(
                path: folder.appendingPathComponent("tokenizer.json").path, field: "number of tokens",
                value: "\(tokenizer.vocabularySize)",
                allowed: "at most vocab_size of config.json, \(configuration.vocabularySize)")
        }
        let shape = Transformer.kvShape(of: configuration)
        let pageCount = try Self.pageCount(options, configuration, shape)
        self.tokenizer = tokenizer
        encoder = TokenTextEncoder(tokenizer: tokenizer, vocabularySize: configuration.vocabularySize)
        description = EngineDescription(
            name: "embedded", model: folder.standardizedFileURL.lastPathComponent,
            contextLength: configuration.maximumContextLength, tier: .tokens,
            controlTags: Set(tokenizer.controlTags), masksTokens: true, stitches: true, logProbabilities: true)
        // Threads and memory are made here, so that a failure is thrown, and handed over to the worker's thread.
        let pool = try ComputePool(threads: options.threads)
        let memory = KVMemory(shape: shape, pageCount: pageCount)
        let transformer = Transformer(
            configuration: configuration, weights: weights, kernels: kernels, pool: pool, memory: memory,
            maximumRows: options.maximumRows)
        worker = InferenceWorker(
            InferenceLoop(
                model: configuration, tokenizer: tokenizer, kernels: kernels, transformer: transformer, memory: memory,
                pageCount: pageCount))
    }

    /// Starts a context that holds the prompt. Nothing is put before it: a model that expects a token at the beginning
    /// has it in its dialect's prompt.
    /// - Throws: `EngineError`, `CancellationError`.
    public func open(_ prompt: TokenText) async throws -> any EngineContext {
        let tokens = try encoder.encode(prompt)
        let id = try await worker.ask { .open(tokens, $0) }
        return EmbeddedContext(id, worker: worker, encoder: encoder)
    }

    /// What was done so far.
    public var statistics: EmbeddedEngineStatistics {
        get async throws { try await worker.ask { .statistics($0) } }
    }

    private static func kernels(_ options: EmbeddedEngineOptions) throws(EngineError) -> Kernels {
        func check(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(EngineError) {
            guard allowed.contains(value) else {
                throw .invalidOption(
                    name: name, value: "\(value)", allowed: "\(allowed.lowerBound) to \(allowed.upperBound)")
            }
        }
        try check("threads", options.threads, 1...64)
        try check("maximum rows", options.maximumRows, 2...4096)
        try check("cache bytes", options.cacheBytes, 0...(1 << 46))
        guard let kernels = options.kernels.kernels else {
            let available = KernelLevel.allCases.filter(\.isAvailable).map(\.rawValue)
            throw .invalidOption(
                name: "kernels", value: options.kernels.rawValue,
                allowed: "what this processor has: \(available.joined(separator: ", "))")
        }
        return kernels
    }

    /// Pages that fit the memory, but at least as many as one context can need.
    private static func pageCount(
        _ options: EmbeddedEngineOptions, _ configuration: ModelConfiguration, _ shape: braid_kv_shape
    ) throws(EngineError) -> Int {
        let pageBytes = shape.page_stride * MemoryLayout<Float>.stride
        let least = configuration.maximumContextLength / KVCache.pagePositions + 2
        let count = min(Int(Int32.max), max(least, options.cacheBytes / pageBytes))
        guard !count.multipliedReportingOverflow(by: pageBytes).overflow, count * pageBytes <= 1 << 46 else {
            throw .failed("a full context of this model needs more than 64 TiB of key-value memory")
        }
        return count
    }
}
