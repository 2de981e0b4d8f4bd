/// Three products with the same input, side by side.
struct QueryKeyValueProjection: ParallelRegion {
    let query: MatrixProduct
    let key: MatrixProduct
    let value: MatrixProduct

    var pieceCount: Int { query.pieceCount + key.pieceCount + value.pieceCount }

    func compute(_ piece: Int) {
        var piece = piece
        guard piece >= query.pieceCount else { return query.compute(piece) }
        piece -= query.pieceCount
        guard piece >= key.pieceCount else { return key.compute(piece) }
        value.compute(piece - key.pieceCount)
    }
}
