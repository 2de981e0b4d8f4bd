internal import CBraidKernels
internal import Dispatch

/// A weight matrix in the order in which the kernels read it.
///
/// `@unchecked Sendable`: the elements are kept alive by `owner` and never written after `init`.
struct WeightMatrix: @unchecked Sendable {
    /// What the kernels take. Valid as long as this value lives.
    let matrix: braid_matrix
    /// How it is kept.
    let kind: WeightKind
    private let owner: WeightArena.Chunk

    /// Outputs that lie together.
    private static let groupSize = 16

    /// Bytes of a tensor that are read before its file's pages are given back, so that a model is in memory once while it
    /// loads, and not twice.
    private static let stretchBytes = 8 << 20

    /// Takes a tensor of shape [outputs, inputs].
    ///
    /// - Parameter kind: ``WeightPlan/kind(of:)``; bf16 only for tensors that are bf16.
    /// - Complexity: O(elements), on all processors.
    init(_ tensor: TensorView, as kind: WeightKind, in arena: WeightArena) {
        precondition(tensor.shape.count == 2, "a matrix has two extents")
        let rows = tensor.shape[0], columns = tensor.shape[1]
        let (memory, chunk) = arena.allocate(byteCount: braid_arranged_bytes(rows, columns, kind.number))
        let elements = memory.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64).unsafelyUnwrapped
        self.kind = kind
        owner = chunk
        matrix = braid_matrix(elements: elements, type: kind.number, rows: rows, columns: columns)
        // Each group writes its own part.
        nonisolated(unsafe) let destination = elements
        let groupBytes = max(1, tensor.bytes.count / max(1, rows) * Self.groupSize)
        let stretch = max(1, Self.stretchBytes / groupBytes) * Self.groupSize
        for start in stride(from: 0, to: rows, by: stretch) {
            let end = min(rows, start + stretch)
            DispatchQueue.concurrentPerform(iterations: (end - start + Self.groupSize - 1) / Self.groupSize) { index in
                let first = start + index * Self.groupSize
                Self.read(tensor.rows(first..<min(end, first + Self.groupSize)), as: kind) { source in
                    braid_arrange(destination, source, rows, columns, kind.number, first / Self.groupSize)
                }
            }
            tensor.rows(start..<end).releasePages()
        }
    }

    /// Calls `body` with rows as ``braid_arrange`` wants them.
    private static func read(_ rows: TensorView, as kind: WeightKind, _ body: (UnsafeRawPointer) -> Void) {
        switch (kind, rows.elementType) {
        case (.float32, .float32), (.bfloat16, .bfloat16), (.bfloat16Rounded, .bfloat16), (.q8, .q8_0), (.q4, .q4_0):
            rows.withBytes { if let source = $0.baseAddress { body(source) } }
        case (.float32, _):
            rows.floats().withUnsafeBytes { if let source = $0.baseAddress { body(source) } }
        case (.q8, _), (.q4, _):
            quantized(rows.floats(), columns: rows.shape[1], kind: kind).withUnsafeBytes {
                if let source = $0.baseAddress { body(source) }
            }
        case (.bfloat16, _), (.bfloat16Rounded, _):
            // WeightPlan asks for bf16 only where the tensor is bf16, whatever a file says.
            preconditionFailure("only bf16 is kept as bf16")
        }
    }

    /// Outputs.
    var rows: Int { matrix.rows }
    /// Inputs.
    var columns: Int { matrix.columns }
    /// Bytes of the elements as they are kept.
    var byteCount: Int { braid_arranged_bytes(rows, columns, kind.number) }

    private static func quantized(_ floats: [Float], columns: Int, kind: WeightKind) -> [UInt8] {
        let rowBytes = braid_row_bytes(columns, kind.number)
        let rows = floats.count / columns
        return [UInt8](unsafeUninitializedCapacity: rows * rowBytes) { blocks, count in
            count = rows * rowBytes
            floats.withUnsafeBufferPointer { floats in
                guard let output = blocks.baseAddress, let input = floats.baseAddress else { return }
                for row in 0..<rows {
                    braid_quantize(output + row * rowBytes, input + row * columns, columns, kind.number)
                }
            }
        }
    }
}
