internal import CBraidKernels

/// Norms rows of the hidden state and packs them.
struct RowNormalization: ParallelRegion {
    /// [rows, hidden].
    let hidden: UnsafePointer<Float>
    /// [hidden].
    let weight: [Float]
    let epsilon: Float
    /// Where the normed rows go.
    let normed: UnsafeMutablePointer<Float>
    /// Of the normed rows.
    let packing: RowPacking

    var pieceCount: Int { packing.pieceCount }

    func compute(_ piece: Int) {
        let part = packing.part(piece)
        let start = part.lowerBound * packing.columns
        packing.kernels.rms_norm(normed + start, hidden + start, weight, part.count, packing.columns, epsilon)
        packing.compute(piece)
    }
}
