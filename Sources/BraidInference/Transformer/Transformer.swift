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
        let plan = AttentionPlan(
            batch, group: configuration.headCount / kvHeads, minimumParts: (pool.threadCount + kvHeads - 1) / kvHeads)
        scratch.reserveQueries(plan.queryCount)
        extendRotary(for: batch)
        pool.step(rows: rows.count) {
            embed(rows)
            for (index, layer) in weights.layers.enumerated() {
                projectQueryKeyValue(layer, rows.count)
                rotateAndStore(batch, plan, layer: index)
                attend(plan, layer: index)
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
    private func norm(_ weight: [Float], _ rows: Int, packedFor kinds: WeightKind...) {
        let kernels = kernels, scratch = scratch
        let width = configuration.hiddenSize, epsilon = configuration.normEpsilon
        weight.withUnsafeBufferPointer { weight in
            guard let weight = weight.baseAddress else { return }
            runOverRows(rows) { part in
                let normed = scratch.normed + part.lowerBound * width
                kernels.rms_norm(
                    normed, scratch.hidden + part.lowerBound * width, weight, part.count, width, epsilon)
                scratch.pack(normed, part, width, for: kinds, kernels)
            }
        }
    }

    /// Shares cheap work on rows among the threads, where there are so many that it pays.
    private func runOverRows(_ rows: Int, _ body: (Range<Int>) -> Void) {
        let size = 4
        pool.run((rows + size - 1) / size) { piece in body(piece * size..<min(rows, (piece + 1) * size)) }
    }

    private func projectQueryKeyValue(_ layer: TransformerWeights.Layer, _ rows: Int) {
        norm(layer.inputNorm, rows, packedFor: layer.query.kind, layer.key.kind, layer.value.kind)
        let kernels = kernels, scratch = scratch
        let total = layer.query.rows + layer.key.rows + layer.value.rows
        let size = outputsPerPiece(total)
        let queryPieces = (layer.query.rows + size - 1) / size
        let keyPieces = (layer.key.rows + size - 1) / size
        pool.run(queryPieces + 2 * keyPieces) { piece in
            var (matrix, bias, output, piece) = (layer.query, layer.queryBias, scratch.query, piece)
            if piece >= queryPieces {
                piece -= queryPieces
                (matrix, bias, output) = (layer.key, layer.keyBias, scratch.key)
                if piece >= keyPieces {
                    piece -= keyPieces
                    (matrix, bias, output) = (layer.value, layer.valueBias, scratch.value)
                }
            }
            withUnsafePointer(to: matrix.matrix) {
                kernels.matmul(
                    output, matrix.rows, scratch.packed(matrix), rows, $0, piece * size,
                    min(matrix.rows, (piece + 1) * size), bias, false)
            }
        }
    }

    private func rotateAndStore(_ batch: ForwardBatch, _ plan: AttentionPlan, layer: Int) {
        let heads = configuration.headCount, kvHeads = configuration.keyValueHeadCount
        let dimension = configuration.headDimension
        let kernels = kernels, scratch = scratch, memory = memory, rotary = rotary
        let rows = batch.rows
        let queryNorm = weights.layers[layer].queryNorm, keyNorm = weights.layers[layer].keyNorm
        let thoughts = weights.layers[layer].thoughts
        let epsilon = configuration.normEpsilon
        /// Adds a row of the table to every head.
        func addThought(_ thoughts: [Float], _ thought: Int, to heads: UnsafeMutablePointer<Float>) {
            let row = thoughts[thought * dimension..<(thought + 1) * dimension]
            for head in 0..<kvHeads {
                for (index, value) in row.enumerated() { heads[head * dimension + index] += value }
            }
        }
        // Rows are cheap here: several to a piece.
        let size = 8
        pool.run((rows.count + size - 1) / size) { piece in
            for index in piece * size..<min(rows.count, (piece + 1) * size) {
                let row = rows[index]
                let key = scratch.key + index * kvHeads * dimension
                let query = scratch.query + index * heads * dimension
                let shifts = batch.contexts[row.context].shifts
                if let queryNorm { kernels.rms_norm(query, query, queryNorm, heads, dimension, epsilon) }
                if let keyNorm { kernels.rms_norm(key, key, keyNorm, kvHeads, dimension, epsilon) }
                if let thoughts {
                    addThought(thoughts, row.thought, to: key)
                    addThought(thoughts, row.thought, to: scratch.value + index * kvHeads * dimension)
                }
                if shifts.count > 1 {
                    for (rotation, shift) in shifts.enumerated() {
                        let turned = scratch.query + (plan.queries[index] + rotation) * heads * dimension
                        turned.update(from: query, count: heads * dimension)
                        rotary.withAngles(of: row.position - shift) {
                            kernels.rotate(turned, $0, $1, heads, dimension)
                        }
                    }
                }
                if shifts.count == 1 {
                    rotary.withAngles(of: row.position) { kernels.rotate(query, $0, $1, heads, dimension) }
                }
                rotary.withAngles(of: row.keyPosition) { kernels.rotate(key, $0, $1, kvHeads, dimension) }
                withUnsafePointer(to: memory.shape) {
                    kernels.store(
                        memory.layer(layer, of: row.page), $0, row.slot, key,
                        scratch.value + index * kvHeads * dimension)
                }
            }
        }
    }

    private func attend(_ plan: AttentionPlan, layer: Int) {
        let kvHeads = configuration.keyValueHeadCount
        let group = configuration.headCount / kvHeads
        let scale = 1 / Float(configuration.headDimension).squareRoot()
        let kernels = kernels, scratch = scratch, memory = memory
        let base = memory.base + layer * memory.shape.layer_stride
        plan.rows.withUnsafeBufferPointer { rows in
            plan.spans.withUnsafeBufferPointer { spans in
                plan.runs.withUnsafeBufferPointer { runs in
                    guard let rows = rows.baseAddress, let spans = spans.baseAddress, let runs = runs.baseAddress else {
                        return
                    }
                    pool.run(plan.parts.count * kvHeads) { piece in
                        let (index, head) = piece.quotientAndRemainder(dividingBy: kvHeads)
                        let part = plan.parts[index]
                        var work = braid_attention_plan(
                            rows: rows + part.rows.lowerBound, row_count: part.rows.count,
                            spans: spans + part.spans.lowerBound, span_count: part.spans.count, runs: runs)
                        let states = (head * plan.rows.count + part.rows.lowerBound) * group
                        withUnsafePointer(to: memory.shape) {
                            kernels.attention(
                                scratch.attended, scratch.query, base, $0, group, head, &work, scale,
                                scratch.attention + states * scratch.attentionStride)
                        }
                    }
                }
            }
        }
    }

    /// hidden += matrix * input + bias.
    private func add(
        _ matrix: WeightMatrix, times input: UnsafeMutablePointer<Float>, bias: [Float]? = nil, _ rows: Int
    ) {
        let kernels = kernels, scratch = scratch
        runOverRows(rows) { part in
            scratch.pack(
                input + part.lowerBound * matrix.columns, part, matrix.columns, for: [matrix.kind], kernels)
        }
        let size = outputsPerPiece(matrix.rows)
        pool.run((matrix.rows + size - 1) / size) { piece in
            withUnsafePointer(to: matrix.matrix) {
                kernels.matmul(
                    scratch.hidden, matrix.rows, scratch.packed(matrix), rows, $0, piece * size,
                    min(matrix.rows, (piece + 1) * size), bias, true)
            }
        }
    }

    private func feedForward(_ layer: TransformerWeights.Layer, _ rows: Int) {
        norm(layer.feedForwardNorm, rows, packedFor: layer.gate.kind, layer.up.kind)
        let kernels = kernels, scratch = scratch
        let inner = layer.gate.rows
        let size = outputsPerPiece(inner)
        pool.run((inner + size - 1) / size) { piece in
            let first = piece * size, end = min(inner, (piece + 1) * size)
            withUnsafePointer(to: layer.gate.matrix) {
                kernels.matmul(scratch.gate, inner, scratch.packed(layer.gate), rows, $0, first, end, nil, false)
            }
            withUnsafePointer(to: layer.up.matrix) {
                kernels.matmul(scratch.up, inner, scratch.packed(layer.up), rows, $0, first, end, nil, false)
            }
            for row in 0..<rows {
                let gate = scratch.gate + row * inner + first
                kernels.swiglu(gate, gate, scratch.up + row * inner + first, end - first)
            }
        }
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
        let kernels = kernels, scratch = scratch, matrix = weights.head
        let size = outputsPerPiece(matrix.rows)
        pool.run((matrix.rows + size - 1) / size) { piece in
            withUnsafePointer(to: matrix.matrix) {
                kernels.matmul(
                    scratch.logits, matrix.rows, scratch.packed(matrix), logitRows.count, $0, piece * size,
                    min(matrix.rows, (piece + 1) * size), nil, false)
            }
        }
    }
}
