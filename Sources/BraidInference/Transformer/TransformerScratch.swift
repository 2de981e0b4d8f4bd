internal import CBraidKernels

/// Activations of one forward pass, allocated once. Row-major, [maximum rows, width].
final class TransformerScratch {
    let hidden: UnsafeMutablePointer<Float>
    let normed: UnsafeMutablePointer<Float>
    /// At least ``queryCapacity`` rows; see ``reserveQueries(_:)``.
    private(set) var query: UnsafeMutablePointer<Float>
    let key: UnsafeMutablePointer<Float>
    let value: UnsafeMutablePointer<Float>
    let attended: UnsafeMutablePointer<Float>
    let gate: UnsafeMutablePointer<Float>
    let up: UnsafeMutablePointer<Float>
    let logits: UnsafeMutablePointer<Float>
    /// ``attentionStride`` per row and query head.
    let attention: UnsafeMutablePointer<Float>
    let attentionStride: Int
    private var queryCapacity: Int
    private let queryWidth: Int
    /// Activations as the kernels want them, apart for each kind of weights.
    private let packed: UnsafeMutablePointer<Float>
    private let packedStride: Int

    init(_ configuration: ModelConfiguration, maximumRows: Int, shape: braid_kv_shape) {
        func allocate(_ width: Int) -> UnsafeMutablePointer<Float> { Self.allocate(maximumRows * width) }
        queryWidth = configuration.headCount * configuration.headDimension
        let keyWidth = configuration.keyValueHeadCount * configuration.headDimension
        let inner = configuration.intermediateSize
        hidden = allocate(configuration.hiddenSize)
        normed = allocate(configuration.hiddenSize)
        let packedWidth = braid_packed_columns(max(configuration.hiddenSize, queryWidth, inner))
        packedStride = maximumRows * packedWidth
        packed = allocate(WeightKind.allCases.count * packedWidth)
        query = allocate(queryWidth)
        key = allocate(keyWidth)
        value = allocate(keyWidth)
        attended = allocate(queryWidth)
        gate = allocate(inner)
        up = allocate(inner)
        logits = allocate(configuration.vocabularySize)
        queryCapacity = maximumRows
        attentionStride = withUnsafePointer(to: shape) { braid_attention_scratch($0, 1) }
        attention = allocate(configuration.headCount * attentionStride)
    }

    /// Makes room for so many queries; what is there is lost.
    func reserveQueries(_ count: Int) {
        guard count > queryCapacity else { return }
        UnsafeMutableRawPointer(query).deallocate()
        query = Self.allocate(count * queryWidth)
        queryCapacity = count
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        let bytes = max(64, count * MemoryLayout<Float>.stride)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        return memory.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
    }

    /// Packs some rows of x for each kind of weights that they will meet. x: [rows.count, columns].
    func pack(
        _ x: UnsafePointer<Float>, _ rows: Range<Int>, _ columns: Int, for kinds: [WeightKind], _ kernels: Kernels
    ) {
        for (index, kind) in kinds.enumerated() where !kinds[..<index].contains(kind) {
            let rowBytes = braid_packed_bytes(columns, kind.number)
            kernels.pack(place(of: kind) + rows.lowerBound * rowBytes, x, rows.count, columns, kind.number)
        }
    }

    /// The activations that were packed for a matrix.
    func packed(_ matrix: WeightMatrix) -> UnsafeRawPointer { UnsafeRawPointer(place(of: matrix.kind)) }

    private func place(of kind: WeightKind) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(packed + Int(kind.number) * packedStride)
    }

    deinit {
        for memory in [hidden, normed, packed, query, key, value, attended, gate, up, logits, attention] {
            UnsafeMutableRawPointer(memory).deallocate()
        }
    }
}
