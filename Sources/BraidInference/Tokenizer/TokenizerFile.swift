/// `tokenizer.json` as it is written, before anything is checked.
struct TokenizerFile {
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

    /// A text to look for.
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

    /// A normalizer or a decoder: its kind, and what its kind needs.
    struct Component {
        var type: String
        var members: [Component]?
        /// What `Prepend` puts in front.
        var prepended: String?
        /// What `Replace` looks for, and puts in its place.
        var pattern: Pattern?
        /// What `Replace` puts in, and what `Strip` takes away.
        var content: String?
        /// How many `Strip` takes away at the start and at the end.
        var start: Int?
        var stop: Int?
        /// The mark of `Metaspace`, and whether it stands before the first word.
        var mark: String?
        var prefixScheme: String?
        var addsPrefixSpace: Bool?

        /// This component, or the members of a sequence in its place.
        var flattened: [Component] { type == "Sequence" ? (members ?? []).flatMap(\.flattened) : [self] }

        /// What `Replace` replaces by what.
        func replacement(path: String) throws(ModelLoadingError) -> (pattern: [UInt8], content: [UInt8]) {
            switch pattern {
            case .literal(let text) where !text.isEmpty: return (Array(text.utf8), Array((content ?? "").utf8))
            case .regex(let pattern):
                throw .unsupported(
                    path: path, feature: "Replace with the pattern", value: pattern.debugDescription,
                    supported: "Replace of a plain text")
            case .literal, nil: throw .malformedFile(path: path, reason: "a Replace has nothing to replace")
            }
        }
    }

    /// A post-processor, of which only what a template puts before a text matters.
    struct PostProcessor: Decodable {
        struct Part: Decodable {
            struct Name: Decodable {
                var id: String
            }
            var special: Name?
            var sequence: Name?

            enum CodingKeys: String, CodingKey {
                case special = "SpecialToken"
                case sequence = "Sequence"
            }
        }

        struct Special: Decodable {
            var ids: [Int]
        }

        var type: String
        var single: [Part]?
        var specials: [String: Special]?
        var members: [PostProcessor]?

        enum CodingKeys: String, CodingKey {
            case type
            case single
            case specials = "special_tokens"
            case members = "processors"
        }

        /// This post-processor, or the members of a sequence in its place.
        var flattened: [PostProcessor] { type == "Sequence" ? (members ?? []).flatMap(\.flattened) : [self] }
    }

    struct PreTokenizerStep: Decodable {
        var type: String
        var pattern: Pattern?
        var behavior: String?
        var isInverted: Bool?
        var addsPrefixSpace: Bool?
        var usesPattern: Bool?
        var cutsDigits: Bool?
        /// The mark of `Metaspace`, when it stands before a text, and whether words are cut apart.
        var replacement: String?
        var prefixScheme: String?
        var cuts: Bool?
        var members: [PreTokenizerStep]?

        enum CodingKeys: String, CodingKey {
            case type
            case pattern
            case behavior
            case isInverted = "invert"
            case addsPrefixSpace = "add_prefix_space"
            case usesPattern = "use_regex"
            case cutsDigits = "individual_digits"
            case replacement
            case prefixScheme = "prepend_scheme"
            case cuts = "split"
            case members = "pretokenizers"
        }

        /// This step, or the members of a sequence in its place.
        var flattened: [PreTokenizerStep] { type == "Sequence" ? (members ?? []).flatMap(\.flattened) : [self] }
    }

    /// One merge: two tokens that become one.
    struct Merge {
        var left: Substring
        var right: Substring
        /// The smaller the earlier; nil for the merge's place in the list.
        var rank: Int?
    }

    struct Model {
        var type: String?
        var vocabulary: [String: Int]
        var merges: [Merge]
        /// The vocabulary again, for tokens that are spelt in characters: as keys of a dictionary, two strings that only
        /// differ in how they are composed are one.
        var spellings: [(text: String, id: Int)] = []
        var ignoresMerges: Bool?
        var fallsBackToBytes: Bool?
        var unknownToken: String?
        var fusesUnknown: Bool?
        var dropout: Double?
        var subwordPrefix: String?
        var wordSuffix: String?

        enum CodingKeys: String, CodingKey {
            case type
            case vocabulary = "vocab"
            case merges
            case ignoresMerges = "ignore_merges"
            case fallsBackToBytes = "byte_fallback"
            case unknownToken = "unk_token"
            case fusesUnknown = "fuse_unk"
            case dropout
            case subwordPrefix = "continuing_subword_prefix"
            case wordSuffix = "end_of_word_suffix"
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
    var postProcessor: PostProcessor?
    var decoder: Component?
    var model: Model

    enum CodingKeys: String, CodingKey {
        case addedTokens = "added_tokens"
        case normalizer
        case preTokenizer = "pre_tokenizer"
        case postProcessor = "post_processor"
        case decoder
        case model
    }

    /// Whether text comes from bytes that are spelt as characters.
    var isByteLevel: Bool { decoder?.flattened.contains { $0.type == "ByteLevel" } ?? true }

    /// The model is no byte-pair encoding.
    struct UnsupportedModel: Error {
        let type: String
    }
}

extension TokenizerFile: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        addedTokens = try container.decodeIfPresent([AddedToken].self, forKey: .addedTokens)
        normalizer = try container.decodeIfPresent(Component.self, forKey: .normalizer)
        preTokenizer = try container.decodeIfPresent(PreTokenizerStep.self, forKey: .preTokenizer)
        postProcessor = try container.decodeIfPresent(PostProcessor.self, forKey: .postProcessor)
        self.decoder = try container.decodeIfPresent(Component.self, forKey: .decoder)
        let kind = try container.decode(Kind.Model.self, forKey: .model)
        // Without a type, as in files of 2019, the vocabulary and the merges tell.
        guard kind.type ?? "BPE" == "BPE" else {
            throw UnsupportedModel(type: kind.type ?? "")
        }
        model = try container.decode(Model.self, forKey: .model)
    }
}

extension TokenizerFile.Component: Decodable {
    enum CodingKeys: String, CodingKey {
        case type
        case normalizers
        case decoders
        case prepended = "prepend"
        case pattern
        case content
        case start
        case stop
        case mark = "replacement"
        case prefixScheme = "prepend_scheme"
        case addsPrefixSpace = "add_prefix_space"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decode(String.self, forKey: .type)
        members =
            try container.decodeIfPresent([Self].self, forKey: .normalizers)
            ?? container.decodeIfPresent([Self].self, forKey: .decoders)
        prepended = try container.decodeIfPresent(String.self, forKey: .prepended)
        pattern = try container.decodeIfPresent(TokenizerFile.Pattern.self, forKey: .pattern)
        content = try container.decodeIfPresent(String.self, forKey: .content)
        start = try container.decodeIfPresent(Int.self, forKey: .start)
        stop = try container.decodeIfPresent(Int.self, forKey: .stop)
        mark = try container.decodeIfPresent(String.self, forKey: .mark)
        prefixScheme = try container.decodeIfPresent(String.self, forKey: .prefixScheme)
        addsPrefixSpace = try container.decodeIfPresent(Bool.self, forKey: .addsPrefixSpace)
    }
}

extension TokenizerFile.Model: Decodable {
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
                // By bytes: a space and a combining mark after it are one `Character`.
                $0.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { Substring($0) }
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
            merges.append(TokenizerFile.Merge(left: pair[0], right: pair[1]))
        }
        ignoresMerges = try container.decodeIfPresent(Bool.self, forKey: .ignoresMerges)
        fallsBackToBytes = try container.decodeIfPresent(Bool.self, forKey: .fallsBackToBytes)
        unknownToken = try container.decodeIfPresent(String.self, forKey: .unknownToken)
        fusesUnknown = try container.decodeIfPresent(Bool.self, forKey: .fusesUnknown)
        dropout = try container.decodeIfPresent(Double.self, forKey: .dropout)
        subwordPrefix = try container.decodeIfPresent(String.self, forKey: .subwordPrefix)
        wordSuffix = try container.decodeIfPresent(String.self, forKey: .wordSuffix)
    }
}
