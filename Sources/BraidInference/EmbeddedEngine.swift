public import Braid
internal import CBraidKernels
public import Foundation
internal import Synchronization

/// The engine inside the package: runs a Hugging Face folder or a GGUF file on the processor; which families,
/// ``ModelArchitecture`` says.
///
/// ```swift
/// let engine = try EmbeddedEngine(contentsOf: folder)
/// let context = try await engine.open("12 + 34 = ")
/// for try await event in context.decode(DecodingOptions(stops: [], maximumTokens: 20)) { print(event) }
/// await context.close()
/// ```
///
/// All contexts share one forward pass per step and one key-value cache; what contexts begin with is read once, and
/// remembered after they end. The same seed gives the same tokens, byte for byte, alone or beside any number of others.
/// Tokens that end an answer by the model's `config.json` end every decode call, named among its stops or not.
public final class EmbeddedEngine: Engine {
    /// What this engine is and can do, with its step times once they were measured.
    public var description: EngineDescription {
        var description = untimed
        description.stepTimes = stepTimes.withLock { $0 }
        return description
    }
    private let untimed: EngineDescription
    private let stepTimes = Mutex<StepTimes?>(nil)
    /// The model's tokenizer.
    public let tokenizer: Tokenizer
    /// A hash of the vocabulary: engines with the same fingerprint give the same ids.
    public var vocabularyFingerprint: String { tokenizer.fingerprint }
    /// The model's chat template, if it has one, or what is wrong with it: a model without a usable template still runs.
    let chatTemplate: Result<ChatTemplate?, any Error>
    private let worker: InferenceWorker
    private let partitions = Atomic(0)
    private let encoder: TokenTextEncoder

    /// Loads a model; its matrices are copied into memory, in the order in which the kernels read them.
    ///
    /// - Parameter url: A folder in Hugging Face layout, or a `.gguf` file; if it holds no vocabulary, `tokenizer.json`
    ///   must lie beside it.
    /// - Throws: ``ModelLoadingError`` for what is wrong with the files, `EngineError` for what is wrong with the options.
    public init(contentsOf url: URL, options: EmbeddedEngineOptions = EmbeddedEngineOptions()) throws {
        let model = try ModelSource(contentsOf: url)
        let configuration = model.configuration
        let kernels = try Self.kernels(options)
        let weightPlan = WeightPlan(configuration, quantization: options.quantization, kernels: kernels)
        let weights = try TransformerWeights(model, plan: weightPlan)
        let tokenizer = try Tokenizer(of: model, at: url)
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw ModelLoadingError.invalidValue(
                path: url.path, field: "number of tokens of the tokenizer",
                value: "\(tokenizer.vocabularySize)",
                allowed: "at most the rows of the model's embedding, \(configuration.vocabularySize)")
        }
        let cacheType = weights.cacheType(for: options.cacheType)
        let plan = try MemoryPlan(options, configuration, cacheType: cacheType, weightBytes: weights.byteCount)
        self.tokenizer = tokenizer
        chatTemplate = Result { try ChatTemplate(of: model, at: url) }
        encoder = TokenTextEncoder(tokenizer: tokenizer, vocabularySize: configuration.vocabularySize)
        untimed = EngineDescription(
            name: "embedded", model: url.standardizedFileURL.lastPathComponent,
            contextLength: plan.contextLength, tier: .tokens,
            controlTags: Set(tokenizer.controlTags), masksTokens: true, stitches: true, logProbabilities: true,
            groupsContexts: true, thoughts: weights.thoughtCount)
        // Threads and memory are made here, so that a failure is thrown, and handed over to the worker's thread.
        let pool = try ComputePool(threads: options.threads)
        let memory = KVMemory(
            shape: Transformer.kvShape(of: configuration, type: cacheType), pageCount: plan.pageCount,
            isPreallocated: options.preallocatesCache)
        let transformer = Transformer(
            configuration: configuration, weights: weights, kernels: kernels, pool: pool, memory: memory,
            maximumRows: options.maximumRows)
        worker = InferenceWorker(
            InferenceLoop(
                model: configuration, contextLength: plan.contextLength, tokenizer: tokenizer, kernels: kernels,
                transformer: transformer, memory: memory,
                cache: KVCache(pageCount: plan.pageCount, keepsPages: options.keepsPrefixes),
                speculates: options.speculates))
    }

    /// Starts a context that holds the prompt. Nothing is put before it: a model that expects a token at the beginning
    /// has it in its dialect's prompt.
    /// - Throws: `EngineError`, `CancellationError`.
    public func open(_ prompt: TokenText) async throws -> any EngineContext {
        try await open(prompt, in: .common)
    }

    /// The same engine for somebody whose prompts nobody else may learn of. Its contexts find only each other's prefixes in
    /// the cache, so from how fast a prompt is read no one can tell what others have asked. Keep it as long as its user
    /// comes back: asked again, this gives another one.
    public func isolated() -> any Engine {
        IsolatedEngine(engine: self, partition: CachePartition(value: partitions.add(1, ordering: .relaxed).newValue))
    }

    func open(_ prompt: TokenText, in partition: CachePartition) async throws -> any EngineContext {
        let tokens = try encoder.encode(prompt)
        let id = try await worker.ask { .open(tokens, partition, $0) }
        return EmbeddedContext(id, worker: worker, encoder: encoder)
    }

    /// Lets go of all prefixes that are kept for contexts to come.
    public func clearPrefixes() async throws {
        try await worker.ask { .clear($0) }
    }

    /// Measures how long a step takes with so many threads, once; asked again, it gives what it measured.
    ///
    /// Takes as long as decoding `steps` tokens in each of `widths`; other contexts of this engine slow what is measured.
    /// - Throws: `EngineError`, `CancellationError`.
    @discardableResult
    public func measureStepTimes(
        widths: [Int] = StepTimes.standardWidths, steps: Int = 8
    ) async throws -> StepTimes {
        if let known = stepTimes.withLock({ $0 }) { return known }
        var seconds: [Int: Double] = [:]
        for width in widths where width >= 1 {
            let context = try await open(TokenText([.text("1 2 3 4 5 6 7 8")]))
            let threads = try await context.fork(width)
            // The first steps read the prompt and warm the processor.
            _ = try await Self.seconds(of: 2, in: threads)
            seconds[width] = try await Self.seconds(of: max(1, steps), in: threads) / Double(max(1, steps))
            for thread in threads { await thread.close() }
            await context.close()
        }
        let measured = StepTimes(seconds)
        stepTimes.withLock { $0 = measured }
        return measured
    }

    /// How long it takes to decode so many tokens in each of these contexts, side by side.
    private static func seconds(of steps: Int, in threads: [any EngineContext]) async throws -> Double {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, thread) in threads.enumerated() {
                group.addTask {
                    let options = DecodingOptions(
                        sampling: SamplingParameters(temperature: 1), seed: UInt64(index), stops: [],
                        maximumTokens: steps)
                    for try await _ in thread.decode(options) {}
                }
            }
            try await group.waitForAll()
        }
        let passed = (ContinuousClock.now - start).components
        return Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
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
        try check("cache bytes", options.cacheBytes ?? 0, 0...(1 << 46))
        try check("memory limit", options.memoryLimit ?? 0, 0...(1 << 46))
        guard let kernels = options.kernels.kernels else {
            let available = KernelLevel.allCases.filter(\.isAvailable).map(\.rawValue)
            throw .invalidOption(
                name: "kernels", value: options.kernels.rawValue,
                allowed: "what this processor has: \(available.joined(separator: ", "))")
        }
        return kernels
    }
}
