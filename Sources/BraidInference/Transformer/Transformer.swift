internal import Braid
internal import CBraidKernels

/// The forward pass of a Llama (arXiv 2302.13971, section 2.2) over a ragged batch.
///
/// All rows of a step go through each weight matrix together, so the weights are read once per step; attention walks
/// each row's own runs. A row's result does not depend on the other rows, nor on the number of threads, bit for bit.
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
    ///   - memory: Where keys and values lie; its shape is ``kvShape(of:)``.
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
        rotary = RotaryTable(headDimension: configuration.headDimension, theta: configuration.ropeTheta)
    }

    /// The shape of a page for a model.
    static func kvShape(of configuration: ModelConfiguration) -> braid_kv_shape {
        braid_kv_shape_make(configuration.layerCount, configuration.keyValueHeadCount, configuration.headDimension)
    }

    /// Runs the rows of a batch: writes their keys and values, and computes the logits that are wanted.
    ///
    /// - Complexity: O(rows x (weights + visible slots)).
    func forward(_ batch: ForwardBatch) -> LogitsView {
        let rows = batch.rows
        precondition(rows.count <= maximumRows, "a batch of \(rows.count) rows, at most \(maximumRows) fit")
        if let last = rows.lazy.map(\.position).max() { rotary.extend(to: last + 1) }
        pool.step(rows: rows.count) {
            embed(rows)
            for (index, layer) in weights.layers.enumerated() {
                projectQueryKeyValue(layer, rows.count)
                rotateAndStore(rows, layer: index)
                attend(rows, runs: batch.runs, layer: index)
                add(layer.output, times: scratch.attended, rows.count)
                feedForward(layer, rows.count)
            }
            head(batch.logitRows)
        }
        return LogitsView(
            base: scratch.logits, rowCount: batch.logitRows.count, vocabularySize: configuration.vocabularySize)
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
            var (matrix, output, piece) = (layer.query, scratch.query, piece)
            if piece >= queryPieces {
                piece -= queryPieces
                (matrix, output) = (layer.key, scratch.key)
                if piece >= keyPieces {
                    piece -= keyPieces
                    (matrix, output) = (layer.value, scratch.value)
                }
            }
            withUnsafePointer(to: matrix.matrix) {
                kernels.matmul(
                    output, matrix.rows, scratch.packed(matrix), rows, $0, piece * size,
                    min(matrix.rows, (piece + 1) * size), nil, false)
            }
        }
    }

    private func rotateAndStore(_ rows: [ForwardBatch.Row], layer: Int) {
        let heads = configuration.headCount, kvHeads = configuration.keyValueHeadCount
        let dimension = configuration.headDimension
        let kernels = kernels, scratch = scratch, memory = memory
        let width = rotary.width
        rotary.cosines.withUnsafeBufferPointer { cosines in
            rotary.sines.withUnsafeBufferPointer { sines in
                guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                // Rows are cheap here: several to a piece.
                let size = 8
                pool.run((rows.count + size - 1) / size) { piece in
                    for index in piece * size..<min(rows.count, (piece + 1) * size) {
                        let row = rows[index]
                        let cosine = cosines + row.position * width, sine = sines + row.position * width
                        let key = scratch.key + index * kvHeads * dimension
                        kernels.rotate(scratch.query + index * heads * dimension, cosine, sine, heads, dimension)
                        kernels.rotate(key, cosine, sine, kvHeads, dimension)
                        withUnsafePointer(to: memory.shape) {
                            kernels.store(
                                memory.layer(layer, of: row.page), $0, row.slot, key,
                                scratch.value + index * kvHeads * dimension)
                        }
                    }
                }
            }
        }
    }

    private func attend(_ rows: [ForwardBatch.Row], runs: [KVRun], layer: Int) {
        let kvHeads = configuration.keyValueHeadCount
        let group = configuration.headCount / kvHeads
        let width = configuration.headCount * configuration.headDimension
        let scale = 1 / Float(configuration.headDimension).squareRoot()
        let kernels = kernels, scratch = scratch, memory = memory
        let base = memory.base + layer * memory.shape.layer_stride
        runs.withUnsafeBufferPointer { runs in
            pool.run(rows.count * kvHeads) { piece in
                let (index, head) = piece.quotientAndRemainder(dividingBy: kvHeads)
                let row = rows[index]
                guard let first = runs.baseAddress else { return }
                withUnsafePointer(to: memory.shape) {
                    kernels.attention(
                        scratch.attended + index * width, scratch.query + index * width, 0, base, $0, group, head,
                        head + 1, first + row.runs.lowerBound, row.runs.count, row.visible, scale,
                        scratch.attention + piece * scratch.attentionStride)
                }
            }
        }
    }

    /// hidden += matrix * input.
    private func add(_ matrix: WeightMatrix, times input: UnsafeMutablePointer<Float>, _ rows: Int) {
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
                    min(matrix.rows, (piece + 1) * size), nil, true)
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
