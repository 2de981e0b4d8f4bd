/// Logits of the rows that a forward pass was asked for: [rows, vocabulary].
///
/// Valid until the next pass of the same ``Transformer``.
struct LogitsView {
    private let base: UnsafePointer<Float>
    /// Rows.
    let rowCount: Int
    /// Logits of a row.
    let vocabularySize: Int

    init(base: UnsafePointer<Float>, rowCount: Int, vocabularySize: Int) {
        self.base = base
        self.rowCount = rowCount
        self.vocabularySize = vocabularySize
    }

    /// One row's logits.
    subscript(row: Int) -> UnsafeBufferPointer<Float> {
        precondition((0..<rowCount).contains(row), "row \(row) has no logits")
        return UnsafeBufferPointer(start: base + row * vocabularySize, count: vocabularySize)
    }
}
