/// The two orders of the rows of queries and keys.
///
/// Rotary positions turn pairs of rows. Hugging Face pairs row i of a head with row i + d/2; GGUF files of architecture
/// `llama` have the two of a pair side by side.
extension TensorView {
    /// Puts the rows of each head as GGUF has them; as many as `heads` divides, with an even number each.
    ///
    /// - Complexity: O(size); the rows are copied.
    func paired(heads: Int) -> TensorView {
        reordered(heads: heads) { place, dimension in place / 2 + place % 2 * (dimension / 2) }
    }

    /// Puts the rows of each head as Hugging Face has them; as many as `heads` divides, with an even number each.
    ///
    /// - Complexity: O(size); the rows are copied.
    func unpaired(heads: Int) -> TensorView {
        reordered(heads: heads) { place, dimension in
            let (half, pair) = place.quotientAndRemainder(dividingBy: dimension / 2)
            return 2 * pair + half
        }
    }

    /// - Parameter source: Which row of a head of so many comes to a place.
    private func reordered(heads: Int, source: (_ place: Int, _ dimension: Int) -> Int) -> TensorView {
        guard let rows = shape.first, rows > 0 else { return self }
        let dimension = rows / heads, stride = bytes.count / rows
        let copy = withBytes { bytes in
            AlignedBytes(byteCount: bytes.count) { output in
                guard let output = output.baseAddress, let input = bytes.baseAddress else { return }
                for row in 0..<rows {
                    let (head, place) = row.quotientAndRemainder(dividingBy: dimension)
                    let from = head * dimension + source(place, dimension)
                    (output + row * stride).copyMemory(from: input + from * stride, byteCount: stride)
                }
            }
        }
        releasePages()
        return TensorView(elementType: elementType, shape: shape, bytes: copy.bytes, owner: copy)
    }
}
