internal import CBraidKernels

/// A weight matrix, read where its file is mapped.
///
/// f32 and bf16 stay as they are; everything else is widened to f32 once, on loading.
///
/// `@unchecked Sendable`: the elements are kept alive by `owner` and never written.
struct WeightMatrix: @unchecked Sendable {
    /// What the kernels take. Valid as long as this value lives.
    let matrix: braid_matrix
    private let owner: any AnyObject & Sendable

    /// Takes a tensor of shape [outputs, inputs].
    init(_ tensor: TensorView) {
        precondition(tensor.shape.count == 2, "a matrix has two extents")
        let elements: UnsafeRawPointer
        let type: Int
        switch tensor.elementType {
        case .float32, .bfloat16:
            let holder = TensorHolder(tensor)
            owner = holder
            elements = tensor.bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped
            type = tensor.elementType == .float32 ? BRAID_WEIGHT_F32 : BRAID_WEIGHT_BF16
        case .float16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K:
            let copy = tensor.floats().withUnsafeBytes { AlignedBytes(copying: $0) }
            owner = copy
            elements = copy.bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped
            type = BRAID_WEIGHT_F32
        }
        matrix = braid_matrix(elements: elements, type: Int32(type), rows: tensor.shape[0], columns: tensor.shape[1])
    }

    /// Outputs.
    var rows: Int { matrix.rows }
    /// Inputs.
    var columns: Int { matrix.columns }
    /// Bytes of the elements.
    var byteCount: Int { rows * columns * (matrix.type == BRAID_WEIGHT_F32 ? 4 : 2) }
    /// Where a row begins.
    func row(_ index: Int) -> UnsafeRawPointer {
        matrix.elements + index * columns * (matrix.type == BRAID_WEIGHT_F32 ? 4 : 2)
    }

    /// Keeps a tensor's memory alive.
    private final class TensorHolder: Sendable {
        let tensor: TensorView
        init(_ tensor: TensorView) { self.tensor = tensor }
    }
}
