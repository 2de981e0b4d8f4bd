internal import CBraidKernels

/// Attention of a layer: each part of a plan, for each kv head.
struct SpanAttention: ParallelRegion {
    let parts: [AttentionPlan.Part]
    let rows: UnsafePointer<braid_attention_row>
    let rowCount: Int
    let spans: UnsafePointer<braid_attention_span>
    let runs: UnsafePointer<KVRun>
    let layer: Int
    let headCount: Int
    let kvHeadCount: Int
    /// What a product of query and key is multiplied by.
    let scale: Float
    let scratch: TransformerScratch
    let memory: KVMemory
    let kernels: Kernels

    var pieceCount: Int { parts.count * kvHeadCount }

    func compute(_ piece: Int) {
        let (index, head) = piece.quotientAndRemainder(dividingBy: kvHeadCount)
        let group = headCount / kvHeadCount
        let part = parts[index]
        var work = braid_attention_plan(
            rows: rows + part.rows.lowerBound, row_count: part.rows.count, spans: spans + part.spans.lowerBound,
            span_count: part.spans.count, runs: runs)
        let states = (head * rowCount + part.rows.lowerBound) * group
        withUnsafePointer(to: memory.shape) {
            kernels.attention(
                scratch.attended, scratch.query, memory.base + layer * memory.shape.layer_stride, $0, group, head,
                &work,
                scale, scratch.attention + states * scratch.attentionStride)
        }
    }
}
