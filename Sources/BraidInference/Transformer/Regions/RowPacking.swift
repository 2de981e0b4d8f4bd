/// Brings rows of activations into the form in which matrices of some kinds read them.
struct RowPacking: ParallelRegion {
    /// Rows of a piece: cheap work, shared only where there are so many that it pays.
    private static let rowsPerPiece = 4

    /// [rows, columns].
    let input: UnsafePointer<Float>
    let rows: Int
    let columns: Int
    /// Of the matrices; a kind that comes twice is packed once.
    let kinds: (WeightKind, WeightKind?, WeightKind?)
    let scratch: TransformerScratch
    let kernels: Kernels

    var pieceCount: Int { (rows + Self.rowsPerPiece - 1) / Self.rowsPerPiece }

    /// The rows of a piece.
    func part(_ piece: Int) -> Range<Int> {
        piece * Self.rowsPerPiece..<min(rows, (piece + 1) * Self.rowsPerPiece)
    }

    func compute(_ piece: Int) {
        let (first, second, third) = kinds
        pack(piece, for: first)
        if let second, second != first { pack(piece, for: second) }
        if let third, third != first, third != second { pack(piece, for: third) }
    }

    private func pack(_ piece: Int, for kind: WeightKind) {
        let part = part(piece)
        scratch.pack(input + part.lowerBound * columns, part, columns, for: kind, kernels)
    }
}
