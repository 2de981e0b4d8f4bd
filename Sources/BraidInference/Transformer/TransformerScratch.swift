internal import CBraidKernels

/// Activations of one forward pass, allocated once. Row-major, [maximum rows, width].
final class TransformerScratch {
    /// How many numbers a row of each has.
    struct Widths {
        let hidden: Int
        let query: Int
        let key: Int
        let inner: Int
        let vocabulary: Int
        /// Of activations as the kernels want them, for one kind of weights.
        let packed: Int
        /// Of the running softmax of one query head.
        let attention: Int
        private let heads: Int

        init(_ configuration: ModelConfiguration, shape: braid_kv_shape) {
            hidden = configuration.hiddenSize
            query = configuration.headCount * configuration.headDimension
            key = configuration.keyValueHeadCount * configuration.headDimension
            inner = configuration.intermediateSize
            vocabulary = configuration.vocabularySize
            packed = braid_packed_columns(max(hidden, query, inner))
            attention = withUnsafePointer(to: shape) { braid_attention_scratch($0, 1) }
            heads = configuration.headCount
        }

        /// Of the attention of all heads.
        var attentionOfHeads: Int { heads * attention }

        /// Of all together.
        var total: Int {
            2 * (hidden + query + key + inner) + vocabulary + WeightKind.allCases.count * packed + attentionOfHeads
        }
    }

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
        let widths = Widths(configuration, shape: shape)
        queryWidth = widths.query
        hidden = allocate(widths.hidden)
        normed = allocate(widths.hidden)
        packedStride = maximumRows * widths.packed
        packed = allocate(WeightKind.allCases.count * widths.packed)
        query = allocate(widths.query)
        key = allocate(widths.key)
        value = allocate(widths.key)
        attended = allocate(widths.query)
        gate = allocate(widths.inner)
        up = allocate(widths.inner)
        logits = allocate(widths.vocabulary)
        queryCapacity = maximumRows
        attentionStride = widths.attention
        attention = allocate(widths.attentionOfHeads)
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

    /// Packs some rows of x for a kind of weights. x: [rows.count, columns].
    func pack(_ x: UnsafePointer<Float>, _ rows: Range<Int>, _ columns: Int, for kind: WeightKind, _ kernels: Kernels) {
        let rowBytes = braid_packed_bytes(columns, kind.number)
        kernels.pack(place(of: kind) + rows.lowerBound * rowBytes, x, rows.count, columns, kind.number)
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
