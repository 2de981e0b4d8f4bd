internal import CBraidKernels

/// Makes a layer's queries and keys ready and stores keys and values: norms of heads, thought embeddings, rotation.
struct RotationAndStore: ParallelRegion {
    /// Rows of a piece: they are cheap here.
    private static let rowsPerPiece = 8

    let rows: [ForwardBatch.Row]
    let contexts: [ForwardBatch.Context]
    /// Where rows with several rotations have their queries: ``AttentionPlan/queries``.
    let queries: [Int]
    let layer: Int
    /// [head dimension].
    let queryNorm: [Float]?
    /// [head dimension].
    let keyNorm: [Float]?
    /// [thoughts, head dimension].
    let thoughts: [Float]?
    let epsilon: Float
    let headCount: Int
    let kvHeadCount: Int
    let dimension: Int
    let rotary: RotaryTable
    let scratch: TransformerScratch
    let memory: KVMemory
    let kernels: Kernels

    var pieceCount: Int { (rows.count + Self.rowsPerPiece - 1) / Self.rowsPerPiece }

    func compute(_ piece: Int) {
        for index in piece * Self.rowsPerPiece..<min(rows.count, (piece + 1) * Self.rowsPerPiece) {
            let row = rows[index]
            let key = scratch.key + index * kvHeadCount * dimension
            let value = scratch.value + index * kvHeadCount * dimension
            let query = scratch.query + index * headCount * dimension
            if let queryNorm { kernels.rms_norm(query, query, queryNorm, headCount, dimension, epsilon) }
            if let keyNorm { kernels.rms_norm(key, key, keyNorm, kvHeadCount, dimension, epsilon) }
            if let thoughts {
                addThought(thoughts, row.thought, to: key)
                addThought(thoughts, row.thought, to: value)
            }
            rotateQuery(query, of: row, at: index)
            rotary.withAngles(of: row.keyPosition) { kernels.rotate(key, $0, $1, kvHeadCount, dimension) }
            withUnsafePointer(to: memory.shape) {
                kernels.store(memory.layer(layer, of: row.page), $0, row.slot, key, value)
            }
        }
    }

    /// Adds a row of the table to every head.
    private func addThought(_ thoughts: [Float], _ thought: Int, to heads: UnsafeMutablePointer<Float>) {
        let row = thoughts[thought * dimension..<(thought + 1) * dimension]
        for head in 0..<kvHeadCount {
            for (index, value) in row.enumerated() { heads[head * dimension + index] += value }
        }
    }

    /// Turns a query in place, or, where its view has several shifts, once for each of them.
    private func rotateQuery(_ query: UnsafeMutablePointer<Float>, of row: ForwardBatch.Row, at index: Int) {
        let shifts = contexts[row.context].shifts
        guard shifts.count > 1 else {
            return rotary.withAngles(of: row.position) { kernels.rotate(query, $0, $1, headCount, dimension) }
        }
        for (rotation, shift) in shifts.enumerated() {
            let turned = scratch.query + (queries[index] + rotation) * headCount * dimension
            turned.update(from: query, count: headCount * dimension)
            rotary.withAngles(of: row.position - shift) { kernels.rotate(turned, $0, $1, headCount, dimension) }
        }
    }
}
