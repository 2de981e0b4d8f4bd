internal import CBraidKernels

/// output = matrix * input + bias, for all rows of packed input; or adds that to what is there.
struct MatrixProduct: ParallelRegion {
    /// Its elements are the caller's to keep.
    let matrix: braid_matrix
    /// [outputs].
    var bias: [Float]?
    /// [rows, inputs], packed.
    let input: UnsafeRawPointer
    let rows: Int
    /// [rows, outputs].
    let output: UnsafeMutablePointer<Float>
    var accumulates = false
    /// Outputs of a piece.
    let pieceSize: Int
    let kernels: Kernels

    var pieceCount: Int { (matrix.rows + pieceSize - 1) / pieceSize }

    /// The outputs of a piece.
    func outputs(_ piece: Int) -> Range<Int> {
        piece * pieceSize..<min(matrix.rows, (piece + 1) * pieceSize)
    }

    func compute(_ piece: Int) {
        let outputs = outputs(piece)
        withUnsafePointer(to: matrix) {
            kernels.matmul(
                output, matrix.rows, input, rows, $0, outputs.lowerBound, outputs.upperBound, bias, accumulates)
        }
    }
}
