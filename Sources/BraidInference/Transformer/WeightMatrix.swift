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

    /// Takes a tensor of shape [outputs, inputs].
    ///
    /// - Parameter kind: ``WeightPlan/kind(of:)``; bf16 only for tensors that are bf16.
    /// - Complexity: O(elements), on all processors.
    init(_ tensor: TensorView, as kind: WeightKind, in arena: WeightArena) {
        precondition(tensor.shape.count == 2, "a matrix has two extents")
        let columns = tensor.shape[1]
        self.init(rows: tensor.shape[0], columns: columns, kind: kind, in: arena) { rows, arrange in
            let part = tensor.rows(rows)
            switch (kind, tensor.elementType) {
            case (.float32, .float32), (.bfloat16, .bfloat16), (.bfloat16Rounded, .bfloat16), (.q8, .q8_0),
                (.q4, .q4_0):
                part.withBytes { if let source = $0.baseAddress { arrange(source) } }
            case (.float32, _):
                part.floats().withUnsafeBytes { if let source = $0.baseAddress { arrange(source) } }
            case (.q8, _), (.q4, _):
                Self.quantized(part.floats(), columns: columns, kind: kind).withUnsafeBytes {
                    if let source = $0.baseAddress { arrange(source) }
                }
            case (.bfloat16, _), (.bfloat16Rounded, _):
                // WeightPlan asks for bf16 only where the tensor is bf16, whatever a file says.
                preconditionFailure("only bf16 is kept as bf16")
            }
        }
    }

    /// - Parameter fill: Is called for every group of rows, on several threads, and calls its argument with them as
    ///   ``braid_arrange`` wants them.
    private init(
        rows: Int, columns: Int, kind: WeightKind, in arena: WeightArena,
        fill: @Sendable (Range<Int>, (UnsafeRawPointer) -> Void) -> Void
    ) {
        let (memory, chunk) = arena.allocate(byteCount: braid_arranged_bytes(rows, columns, kind.number))
        let elements = memory.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64).unsafelyUnwrapped
        self.kind = kind
        owner = chunk
        matrix = braid_matrix(elements: elements, type: kind.number, rows: rows, columns: columns)
        // Each group writes its own part.
        nonisolated(unsafe) let destination = elements
        DispatchQueue.concurrentPerform(iterations: (rows + Self.groupSize - 1) / Self.groupSize) { group in
            fill(group * Self.groupSize..<min(rows, (group + 1) * Self.groupSize)) { source in
                braid_arrange(destination, source, rows, columns, kind.number, group)
            }
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
