internal import Braid
internal import CBraidKernels

/// The forward pass of a Llama (arXiv 2302.13971, section 2.2) over a ragged batch, with what Qwen 2 (biases) and Qwen 3
/// (norms of query and key heads; arXiv 2505.09388, section 2) add to it, and ParaThinker (thought embeddings, arXiv
/// 2509.04475): `k = R(t)(W_k x + E_j)`, `v = W_v x + E_j` for a token of thought `j`, the same row of `E` for every head.
///
/// All rows of a step go through each weight matrix together, so the weights are read once per step; so are the pages
/// that rows share, see ``AttentionPlan``. A row's result does not depend on the other rows, nor on the number of
/// threads, bit for bit.
///
/// - Important: Not thread-safe; one worker owns it.
final class Transformer {
    /// The model's dimensions.
    let configuration: ModelConfiguration
    /// Most rows of one pass.
    let maximumRows: Int
    private let weights: TransformerWeights
    private let kernels: Kernels
    private let pool: ComputePool
    private let memory: KVMemory
    private let scratch: TransformerScratch
    private var rotary: RotaryTable
    private var plan = AttentionPlan()

    /// Creates a transformer.
    ///
    /// - Parameters:
    ///   - memory: Where keys and values lie; its shape is ``kvShape(of:type:)``.
    ///   - maximumRows: Most rows of one pass; the activations are allocated for so many.
    init(
        configuration: ModelConfiguration, weights: TransformerWeights, kernels: Kernels, pool: ComputePool,
        memory: KVMemory, maximumRows: Int
    ) {
        self.configuration = configuration
        self.weights = weights
        self.kernels = kernels
        self.pool = pool
        self.memory = memory
        self.maximumRows = maximumRows
        scratch = TransformerScratch(configuration, maximumRows: maximumRows, shape: memory.shape)
        rotary = RotaryTable(configuration)
    }

    /// The shape of a page for a model.
    /// - Parameter type: Of its elements; ``CacheType/automatic`` is f32 here, for weights that are not known.
    static func kvShape(of configuration: ModelConfiguration, type: CacheType = .float32) -> braid_kv_shape {
        let number =
            switch type {
            case .automatic, .float32: BRAID_CACHE_F32
            case .float16: BRAID_CACHE_F16
            case .int8: BRAID_CACHE_INT8
            }
        return braid_kv_shape_make(
            configuration.layerCount, configuration.keyValueHeadCount, configuration.headDimension, Int32(number))
    }

    /// Threads that the model has thought embeddings for.
    var thoughtCount: Int { weights.thoughtCount }

    /// Runs the rows of a batch: writes their keys and values, and computes the logits that are wanted.
    ///
    /// - Complexity: O(rows x (weights + visible slots)).
    func forward(_ batch: ForwardBatch) -> LogitsView {
        let rows = batch.rows
        precondition(rows.count <= maximumRows, "a batch of \(rows.count) rows, at most \(maximumRows) fit")
        let kvHeads = configuration.keyValueHeadCount
        plan.make(
            for: batch, group: configuration.headCount / kvHeads,
            minimumParts: (pool.threadCount + kvHeads - 1) / kvHeads)
        scratch.reserveQueries(plan.queryCount)
        extendRotary(for: batch)
        pool.step(rows: rows.count) {
            embed(rows)
            for (index, layer) in weights.layers.enumerated() {
                projectQueryKeyValue(layer, rows.count)
                rotateAndStore(batch, layer, index)
                attend(layer: index)
                add(layer.output, times: scratch.attended, bias: layer.outputBias, rows.count)
                feedForward(layer, rows.count)
            }
            head(batch.logitRows)
        }
        return LogitsView(
            base: scratch.logits, rowCount: batch.logitRows.count, vocabularySize: configuration.vocabularySize)
    }

    /// Makes sure that every angle is known by which a key or a query of the step is turned.
    private func extendRotary(for batch: ForwardBatch) {
        var farthest = 0
        for row in batch.rows {
            farthest = max(farthest, row.keyPosition)
            for shift in batch.contexts[row.context].shifts { farthest = max(farthest, abs(row.position - shift)) }
        }
        rotary.extend(to: farthest + 1)
    }

    private func embed(_ rows: [ForwardBatch.Row]) {
        let width = configuration.hiddenSize
        for (index, row) in rows.enumerated() {
            let token = min(max(0, Int(row.token)), configuration.vocabularySize - 1)
            withUnsafePointer(to: weights.embedding.matrix) {
                kernels.widen(scratch.hidden + index * width, $0, token)
            }
        }
    }

    /// Outputs per piece of work: large enough to be worth a claim, small enough that no thread waits long.
    private func outputsPerPiece(_ outputs: Int) -> Int {
        let share = (outputs + 4 * pool.threadCount - 1) / (4 * pool.threadCount)
        return max(32, (share + 31) / 32 * 32)
    }

    /// Norms the rows and packs them for matrices of some kinds.
    private func norm(
        _ weight: [Float], _ rows: Int, packedFor first: WeightKind, _ second: WeightKind? = nil,
        _ third: WeightKind? = nil
    ) {
        pool.run(
            RowNormalization(
                hidden: scratch.hidden, weight: weight, epsilon: configuration.normEpsilon, normed: scratch.normed,
                packing: RowPacking(
                    input: scratch.normed, rows: rows, columns: configuration.hiddenSize,
                    kinds: (first, second, third), scratch: scratch, kernels: kernels)))
    }

    /// A product with activations that were packed.
    private func product(
        _ matrix: WeightMatrix, bias: [Float]? = nil, _ rows: Int, to output: UnsafeMutablePointer<Float>,
        accumulates: Bool = false, pieceSize: Int
    ) -> MatrixProduct {
        MatrixProduct(
            matrix: matrix.matrix, bias: bias, input: scratch.packed(matrix), rows: rows, output: output,
            accumulates: accumulates, pieceSize: pieceSize, kernels: kernels)
    }

    private func projectQueryKeyValue(_ layer: TransformerWeights.Layer, _ rows: Int) {
        norm(layer.inputNorm, rows, packedFor: layer.query.kind, layer.key.kind, layer.value.kind)
        let size = outputsPerPiece(layer.query.rows + layer.key.rows + layer.value.rows)
        pool.run(
            QueryKeyValueProjection(
                query: product(layer.query, bias: layer.queryBias, rows, to: scratch.query, pieceSize: size),
                key: product(layer.key, bias: layer.keyBias, rows, to: scratch.key, pieceSize: size),
                value: product(layer.value, bias: layer.valueBias, rows, to: scratch.value, pieceSize: size)))
    }

    private func rotateAndStore(_ batch: ForwardBatch, _ layer: TransformerWeights.Layer, _ index: Int) {
        pool.run(
            RotationAndStore(
                rows: batch.rows, contexts: batch.contexts, queries: plan.queries, layer: index,
                queryNorm: layer.queryNorm, keyNorm: layer.keyNorm, thoughts: layer.thoughts,
                epsilon: configuration.normEpsilon, headCount: configuration.headCount,
                kvHeadCount: configuration.keyValueHeadCount, dimension: configuration.headDimension, rotary: rotary,
                scratch: scratch, memory: memory, kernels: kernels))
    }

    private func attend(layer: Int) {
        plan.rows.withUnsafeBufferPointer { rows in
            plan.spans.withUnsafeBufferPointer { spans in
                plan.runs.withUnsafeBufferPointer { runs in
                    guard let rows = rows.baseAddress, let spans = spans.baseAddress, let runs = runs.baseAddress else {
                        return
                    }
                    pool.run(
                        SpanAttention(
                            parts: plan.parts, rows: rows, rowCount: plan.rows.count, spans: spans, runs: runs,
                            layer: layer,
                            headCount: configuration.headCount, kvHeadCount: configuration.keyValueHeadCount,
                            scale: 1 / Float(configuration.headDimension).squareRoot(), scratch: scratch,
                            memory: memory, kernels: kernels))
                }
            }
        }
    }

    /// hidden += matrix * input + bias.
    private func add(
        _ matrix: WeightMatrix, times input: UnsafeMutablePointer<Float>, bias: [Float]? = nil, _ rows: Int
    ) {
        pool.run(
            RowPacking(
                input: input, rows: rows, columns: matrix.columns, kinds: (matrix.kind, nil, nil), scratch: scratch,
                kernels: kernels))
        pool.run(
            product(
                matrix, bias: bias, rows, to: scratch.hidden, accumulates: true,
                pieceSize: outputsPerPiece(matrix.rows)))
    }

    private func feedForward(_ layer: TransformerWeights.Layer, _ rows: Int) {
        norm(layer.feedForwardNorm, rows, packedFor: layer.gate.kind, layer.up.kind)
        let size = outputsPerPiece(layer.gate.rows)
        pool.run(
            GatedProduct(
                gate: product(layer.gate, rows, to: scratch.gate, pieceSize: size),
                up: product(layer.up, rows, to: scratch.up, pieceSize: size)))
        add(layer.down, times: scratch.gate, rows)
    }

    private func head(_ logitRows: [Int]) {
        guard !logitRows.isEmpty else { return }
        let width = configuration.hiddenSize
        // Rows move to the front; a row never lies before its place there.
        for (index, row) in logitRows.enumerated() where row != index {
            (scratch.hidden + index * width).update(from: scratch.hidden + row * width, count: width)
        }
        norm(weights.finalNorm, logitRows.count, packedFor: weights.head.kind)
        pool.run(
            product(
                weights.head, logitRows.count, to: scratch.logits, pieceSize: outputsPerPiece(weights.head.rows)))
    }
}
