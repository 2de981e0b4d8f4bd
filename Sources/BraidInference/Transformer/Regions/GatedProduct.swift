internal import CBraidKernels

/// gate = silu(gate matrix * input) * (up matrix * input).
struct GatedProduct: ParallelRegion {
    let gate: MatrixProduct
    /// Of the same shape.
    let up: MatrixProduct

    var pieceCount: Int { gate.pieceCount }

    func compute(_ piece: Int) {
        gate.compute(piece)
        up.compute(piece)
        let outputs = gate.outputs(piece)
        for row in 0..<gate.rows {
            let start = row * gate.matrix.rows + outputs.lowerBound
            gate.kernels.swiglu(gate.output + start, gate.output + start, up.output + start, outputs.count)
        }
    }
}
