internal import CBraidKernels

/// Decides in which kind each matrix of a model is kept.
struct WeightPlan: Sendable {
    /// Models of at most so many bytes as f32 are computed exactly: their weights stay in the processor's caches, so
    /// that nothing would be gained.
    static let exactByteCount = 64 << 20

    let quantization: WeightQuantization
    /// Whether bf16 weights meet activations that are rounded to bf16.
    let roundsActivations: Bool
    /// Whether blocks of a file are multiplied as they are, which rounds activations to 8 bits, or widened to f32.
    let keepsBlocks: Bool

    /// A plan that computes exactly with the numbers of the file.
    static let exact = WeightPlan(quantization: .none, roundsActivations: false, keepsBlocks: false)

    /// Creates a plan by hand.
    init(quantization: WeightQuantization, roundsActivations: Bool, keepsBlocks: Bool = true) {
        self.quantization = quantization
        self.roundsActivations = roundsActivations
        self.keepsBlocks = keepsBlocks
    }

    /// A plan for a model on a processor.
    init(_ configuration: ModelConfiguration, quantization: WeightQuantization, kernels: Kernels) {
        let fitsCaches = Self.matrixElementCount(of: configuration) <= Self.exactByteCount / 4
        self.quantization = quantization
        keepsBlocks = true
        roundsActivations = !fitsCaches && kernels.features & Int32(BRAID_FEATURE_BF16_DOT) != 0
    }

    /// The kind for a tensor of a file.
    func kind(of tensor: TensorView) -> WeightKind {
        let hasWholeBlocks = tensor.shape.last.map { $0 % Int(BRAID_BLOCK_COLUMNS) == 0 } ?? false
        switch quantization {
        case .q8 where hasWholeBlocks: return .q8
        case .q4 where hasWholeBlocks: return .q4
        default: break
        }
        switch tensor.elementType {
        case .bfloat16: return roundsActivations ? .bfloat16Rounded : .bfloat16
        case .q8_0 where keepsBlocks: return .q8
        case .q4_0 where keepsBlocks: return .q4
        case .float32, .float16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K: return .float32
        }
    }

    /// Numbers in all matrices of a model.
    private static func matrixElementCount(of configuration: ModelConfiguration) -> Int {
        let hidden = configuration.hiddenSize
        let attention = 2 * (configuration.headCount + configuration.keyValueHeadCount) * configuration.headDimension
        let layer = hidden * (attention + 3 * configuration.intermediateSize)
        let heads = configuration.tiesEmbeddings ? 1 : 2
        return configuration.layerCount * layer + heads * configuration.vocabularySize * hidden
    }
}
