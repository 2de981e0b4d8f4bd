/// What a model's files say of its dimensions, as it is written, before anything is checked.
///
/// The fields are those of `config.json`; other formats fill them in and say how they call them.
struct ModelConfigurationFile: Decodable {
    /// The `rope_parameters` of Transformers 5, or the `rope_scaling` of earlier versions.
    struct Rope: Decodable {
        var type: String?
        var theta: Double?
        var rotatedFraction: Double?
        var factor: Double?
        var lowFrequencyFactor: Double?
        var highFrequencyFactor: Double?
        var originalContextLength: Int?
        /// Whether it differs by kind of layer.
        var differsByLayer = false
        /// A divisor for every frequency, if the file lists them.
        var divisors: [Float]?

        enum CodingKeys: String, CodingKey {
            case type = "rope_type"
            case oldType = "type"
            case theta = "rope_theta"
            case rotatedFraction = "partial_rotary_factor"
            case factor
            case lowFrequencyFactor = "low_freq_factor"
            case highFrequencyFactor = "high_freq_factor"
            case originalContextLength = "original_max_position_embeddings"
            case fullAttention = "full_attention"
            case slidingAttention = "sliding_attention"
        }

        init() {}

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type =
                try container.decodeIfPresent(String.self, forKey: .type)
                ?? container.decodeIfPresent(String.self, forKey: .oldType)
            theta = try container.decodeIfPresent(Double.self, forKey: .theta)
            rotatedFraction = try container.decodeIfPresent(Double.self, forKey: .rotatedFraction)
            factor = try container.decodeIfPresent(Double.self, forKey: .factor)
            lowFrequencyFactor = try container.decodeIfPresent(Double.self, forKey: .lowFrequencyFactor)
            highFrequencyFactor = try container.decodeIfPresent(Double.self, forKey: .highFrequencyFactor)
            originalContextLength = try container.decodeIfPresent(Int.self, forKey: .originalContextLength)
            differsByLayer = container.contains(.fullAttention) || container.contains(.slidingAttention)
        }
    }

    /// One token id or a list of them.
    struct TokenIDs: Decodable {
        var values: [Int]

        init(_ values: [Int]) { self.values = values }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                values = [try container.decode(Int.self)]
            } catch DecodingError.typeMismatch {
                values = try container.decode([Int].self)
            }
        }
    }

    /// Any JSON value at all, of which only the presence matters.
    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    var architectures: [String]?
    var modelType: String?
    var hiddenSize: Int?
    var intermediateSize: Int?
    var layerCount: Int?
    var headCount: Int?
    var keyValueHeadCount: Int?
    var headDimension: Int?
    var normEpsilon: Double?
    var ropeTheta: Double?
    var ropeScaling: Rope?
    var ropeParameters: Rope?
    var vocabularySize: Int?
    var tiesEmbeddings: Bool?
    var maximumContextLength: Int?
    var endTokenIDs: TokenIDs?
    var beginTokenID: TokenIDs?
    var rotatedFraction: Double?
    /// Whether attention has biases; of its output too, unless `outputBias` says otherwise.
    var attentionBias: Bool?
    var outputBias: Bool?
    var feedForwardBias: Bool?
    var activation: String?
    var elementType: String?
    var isQuantized = false
    var usesWindow: Bool?
    var window: Int?
    /// Whether `window` is there, be it null: Transformers puts a number where it is not.
    var hasWindowKey = false
    var windowedLayersStart: Int?
    var layerTypes: [String]?
    /// Where the names of fields differ from those of `config.json`.
    var fieldNames: [CodingKeys: String] = [:]

    enum CodingKeys: String, CodingKey {
        case architectures
        case modelType = "model_type"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case keyValueHeadCount = "num_key_value_heads"
        case headDimension = "head_dim"
        case normEpsilon = "rms_norm_eps"
        case ropeTheta = "rope_theta"
        case ropeScaling = "rope_scaling"
        case ropeParameters = "rope_parameters"
        case vocabularySize = "vocab_size"
        case tiesEmbeddings = "tie_word_embeddings"
        case maximumContextLength = "max_position_embeddings"
        case endTokenIDs = "eos_token_id"
        case beginTokenID = "bos_token_id"
        case rotatedFraction = "partial_rotary_factor"
        case attentionBias = "attention_bias"
        case feedForwardBias = "mlp_bias"
        case activation = "hidden_act"
        case elementType = "dtype"
        case oldElementType = "torch_dtype"
        case quantization = "quantization_config"
        case usesWindow = "use_sliding_window"
        case window = "sliding_window"
        case windowedLayersStart = "max_window_layers"
        case layerTypes = "layer_types"
    }

    /// Nothing said at all.
    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        architectures = try container.decodeIfPresent([String].self, forKey: .architectures)
        modelType = try container.decodeIfPresent(String.self, forKey: .modelType)
        hiddenSize = try container.decodeIfPresent(Int.self, forKey: .hiddenSize)
        intermediateSize = try container.decodeIfPresent(Int.self, forKey: .intermediateSize)
        layerCount = try container.decodeIfPresent(Int.self, forKey: .layerCount)
        headCount = try container.decodeIfPresent(Int.self, forKey: .headCount)
        keyValueHeadCount = try container.decodeIfPresent(Int.self, forKey: .keyValueHeadCount)
        headDimension = try container.decodeIfPresent(Int.self, forKey: .headDimension)
        normEpsilon = try container.decodeIfPresent(Double.self, forKey: .normEpsilon)
        ropeTheta = try container.decodeIfPresent(Double.self, forKey: .ropeTheta)
        ropeScaling = try container.decodeIfPresent(Rope.self, forKey: .ropeScaling)
        ropeParameters = try container.decodeIfPresent(Rope.self, forKey: .ropeParameters)
        vocabularySize = try container.decodeIfPresent(Int.self, forKey: .vocabularySize)
        tiesEmbeddings = try container.decodeIfPresent(Bool.self, forKey: .tiesEmbeddings)
        maximumContextLength = try container.decodeIfPresent(Int.self, forKey: .maximumContextLength)
        endTokenIDs = try container.decodeIfPresent(TokenIDs.self, forKey: .endTokenIDs)
        beginTokenID = try container.decodeIfPresent(TokenIDs.self, forKey: .beginTokenID)
        rotatedFraction = try container.decodeIfPresent(Double.self, forKey: .rotatedFraction)
        attentionBias = try container.decodeIfPresent(Bool.self, forKey: .attentionBias)
        feedForwardBias = try container.decodeIfPresent(Bool.self, forKey: .feedForwardBias)
        activation = try container.decodeIfPresent(String.self, forKey: .activation)
        elementType =
            try container.decodeIfPresent(String.self, forKey: .elementType)
            ?? container.decodeIfPresent(String.self, forKey: .oldElementType)
        isQuantized = try container.decodeIfPresent(Anything.self, forKey: .quantization) != nil
        usesWindow = try container.decodeIfPresent(Bool.self, forKey: .usesWindow)
        window = try container.decodeIfPresent(Int.self, forKey: .window)
        hasWindowKey = container.contains(.window)
        windowedLayersStart = try container.decodeIfPresent(Int.self, forKey: .windowedLayersStart)
        layerTypes = try container.decodeIfPresent([String].self, forKey: .layerTypes)
    }

    /// What it says of rotary positions; if both are there, the older key counts, as in Transformers.
    var rope: Rope? { ropeScaling ?? ropeParameters }

    /// What the file calls a field.
    func name(of field: CodingKeys) -> String { fieldNames[field] ?? field.rawValue }
}
