/// `tokenizer.json` as it is written, before anything is checked.
struct TokenizerFile: Decodable {
    struct AddedToken: Decodable {
        var id: Int
        var content: String
        var isSpecial: Bool?
        var isSingleWord: Bool?
        var stripsLeft: Bool?
        var stripsRight: Bool?
        var isNormalized: Bool?

        enum CodingKeys: String, CodingKey {
            case id
            case content
            case isSpecial = "special"
            case isSingleWord = "single_word"
            case stripsLeft = "lstrip"
            case stripsRight = "rstrip"
            case isNormalized = "normalized"
        }
    }

    /// A normalizer or a decoder, of which only the kind and, for a sequence, the members matter.
    struct Component: Decodable {
        var type: String
        var members: [Component]?

        enum CodingKeys: String, CodingKey {
            case type
            case normalizers
            case decoders
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type = try container.decode(String.self, forKey: .type)
            members =
                try container.decodeIfPresent([Component].self, forKey: .normalizers)
                ?? container.decodeIfPresent([Component].self, forKey: .decoders)
        }

        /// This component, or the members of a sequence in its place.
        var flattened: [Component] { type == "Sequence" ? (members ?? []).flatMap(\.flattened) : [self] }
    }

    struct PreTokenizerStep: Decodable {
        enum Pattern: Decodable {
            case regex(String)
            case literal(String)

            enum CodingKeys: String, CodingKey {
                case regex = "Regex"
                case literal = "String"
            }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                if let regex = try container.decodeIfPresent(String.self, forKey: .regex) {
                    self = .regex(regex)
                } else {
                    self = .literal(try container.decode(String.self, forKey: .literal))
                }
            }
        }

        var type: String
        var pattern: Pattern?
        var behavior: String?
        var isInverted: Bool?
        var addsPrefixSpace: Bool?
        var usesPattern: Bool?
        var cutsDigits: Bool?
        var members: [PreTokenizerStep]?

        enum CodingKeys: String, CodingKey {
            case type
            case pattern
            case behavior
            case isInverted = "invert"
            case addsPrefixSpace = "add_prefix_space"
            case usesPattern = "use_regex"
            case cutsDigits = "individual_digits"
            case members = "pretokenizers"
        }

        /// This step, or the members of a sequence in its place.
        var flattened: [PreTokenizerStep] { type == "Sequence" ? (members ?? []).flatMap(\.flattened) : [self] }
    }

    /// One merge: two tokens that become one.
    struct Merge {
        var left: Substring
        var right: Substring
    }

    struct Model: Decodable {
        var type: String?
        var vocabulary: [String: Int]
        var merges: [Merge]
        var ignoresMerges: Bool?
        var fallsBackToBytes: Bool?
        var dropout: Double?
        var subwordPrefix: String?
        var wordSuffix: String?

        enum CodingKeys: String, CodingKey {
            case type
            case vocabulary = "vocab"
            case merges
            case ignoresMerges = "ignore_merges"
            case fallsBackToBytes = "byte_fallback"
            case dropout
            case subwordPrefix = "continuing_subword_prefix"
            case wordSuffix = "end_of_word_suffix"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type = try container.decodeIfPresent(String.self, forKey: .type)
            vocabulary = try container.decode([String: Int].self, forKey: .vocabulary)
            // `["a", "b"]` in newer files, `"a b"` in older ones; the first merge tells.
            let pairs: [[Substring]]
            do {
                pairs = try container.decode([[String]].self, forKey: .merges).map { $0.map { $0[...] } }
            } catch DecodingError.typeMismatch {
                pairs = try container.decode([String].self, forKey: .merges).map {
                    $0.split(separator: " ", omittingEmptySubsequences: false)
                }
            }
            merges = []
            merges.reserveCapacity(pairs.count)
            for pair in pairs {
                guard pair.count == 2 else {
                    throw DecodingError.dataCorruptedError(
                        forKey: .merges, in: container,
                        debugDescription: "merge \(merges.count) names \(pair.count) tokens; it must name 2")
                }
                merges.append(Merge(left: pair[0], right: pair[1]))
            }
            ignoresMerges = try container.decodeIfPresent(Bool.self, forKey: .ignoresMerges)
            fallsBackToBytes = try container.decodeIfPresent(Bool.self, forKey: .fallsBackToBytes)
            dropout = try container.decodeIfPresent(Double.self, forKey: .dropout)
            subwordPrefix = try container.decodeIfPresent(String.self, forKey: .subwordPrefix)
            wordSuffix = try container.decodeIfPresent(String.self, forKey: .wordSuffix)
        }
    }

    /// Just enough of the model to say which kind it is when the rest does not decode.
    struct Kind: Decodable {
        struct Model: Decodable {
            var type: String?
        }
        var model: Model
    }

    var addedTokens: [AddedToken]?
    var normalizer: Component?
    var preTokenizer: PreTokenizerStep?
    var decoder: Component?
    var model: Model

    enum CodingKeys: String, CodingKey {
        case addedTokens = "added_tokens"
        case normalizer
        case preTokenizer = "pre_tokenizer"
        case decoder
        case model
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        addedTokens = try container.decodeIfPresent([AddedToken].self, forKey: .addedTokens)
        normalizer = try container.decodeIfPresent(Component.self, forKey: .normalizer)
        preTokenizer = try container.decodeIfPresent(PreTokenizerStep.self, forKey: .preTokenizer)
        self.decoder = try container.decodeIfPresent(Component.self, forKey: .decoder)
        let kind = try container.decode(Kind.Model.self, forKey: .model)
        // Without a type, as in files of 2019, the vocabulary and the merges tell.
        guard kind.type ?? "BPE" == "BPE" else {
            throw UnsupportedModel(type: kind.type ?? "")
        }
        model = try container.decode(Model.self, forKey: .model)
    }

    /// The model is no byte-pair encoding.
    struct UnsupportedModel: Error {
        let type: String
    }
}
