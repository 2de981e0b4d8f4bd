/// How a byte-level tokenizer cuts text, by the name that `tokenizer.ggml.pre` has for it; the names are llama.cpp's.
struct GGUFPreTokenizer {
    /// What files call it.
    let name: String
    /// What text is cut by, one pattern after the other.
    let patterns: [String]
    /// Whether text is put into Unicode's composed form first.
    let isComposed: Bool
    /// Whether a piece that is a token is that token, whatever the merges say; such contexts also begin with a token,
    /// unless the file says otherwise.
    let ignoresMerges: Bool
    /// Where the ids differ from the tokenizer's that it was chosen for; nil if nowhere.
    let difference: String?

    private init(
        _ name: String, _ patterns: [String], isComposed: Bool = false, ignoresMerges: Bool = false,
        difference: String? = nil
    ) {
        self.name = name
        self.patterns = patterns
        self.isComposed = isComposed
        self.ignoresMerges = ignoresMerges
        self.difference = difference
    }

    private static let all = [
        GGUFPreTokenizer("gpt-2", [SplitPattern.gpt2Pattern]),
        GGUFPreTokenizer("llama-bpe", [SplitPattern.llama3Pattern], ignoresMerges: true),
        GGUFPreTokenizer("qwen2", [SplitPattern.qwen2Pattern], isComposed: true),
        GGUFPreTokenizer("tekken", [SplitPattern.tekkenPattern], ignoresMerges: true),
        GGUFPreTokenizer("smollm", [#"\p{N}"#, SplitPattern.gpt2Pattern]),
        GGUFPreTokenizer("bloom", [" ?[^(\\s|.,!?\u{2026}\u{3002}\u{FF0C}\u{3001}\u{964}\u{6D4}\u{60C})]+"]),
        GGUFPreTokenizer(
            "default", [#"[\p{P}\$\+<=>\^~\|]+"#, SplitPattern.gpt2Pattern, #"\p{N}+"#, "[0-9][0-9][0-9]"]),
    ]

    /// Other names of the same.
    private static let aliases = [
        "gpt2": "gpt-2", "llama3": "llama-bpe", "llama-v3": "llama-bpe", "deepseek-r1-qwen": "qwen2",
    ]

    /// Every name, for messages.
    static var names: String { (all.map(\.name) + aliases.keys).sorted().joined(separator: ", ") }

    /// The one of a name.
    init?(name: String) {
        let name = Self.aliases[name] ?? name
        guard let known = Self.all.first(where: { $0.name == name }) else { return nil }
        self = known
    }

    /// The one that cuts text as a file describes it, or nearly so.
    init?(_ file: TokenizerFile) {
        guard let patterns = Self.patterns(of: file.preTokenizer?.flattened ?? []) else { return nil }
        let isComposed = file.normalizer?.flattened.map(\.type) == ["NFC"]
        if let known = Self.all.first(where: { $0.patterns == patterns }) {
            guard file.model.ignoresMerges ?? false == known.ignoresMerges else { return nil }
            let difference = isComposed == known.isComposed ? nil : "text that Unicode composes"
            self.init(
                known.name, known.patterns, isComposed: known.isComposed, ignoresMerges: known.ignoresMerges,
                difference: difference)
        } else if [[SplitPattern.numberedLinesPattern], [SplitPattern.shortNumbersPattern]].contains(patterns),
            let nearest = Self(name: "bloom")
        {
            // No merge of these vocabularies crosses what their patterns cut, but for digits.
            self.init(
                nearest.name, nearest.patterns, difference: "numbers of more than three digits")
        } else {
            return nil
        }
    }

    /// The patterns of a byte-level pre-tokenizer; nil if it does something else, too.
    private static func patterns(of steps: [TokenizerFile.PreTokenizerStep]) -> [String]? {
        guard let last = steps.last, last.type == "ByteLevel", last.addsPrefixSpace == false else { return nil }
        var patterns: [String] = []
        for step in steps.dropLast() {
            switch (step.type, step.pattern) {
            case ("Split", .regex(let pattern)): patterns.append(pattern)
            case ("Digits", _): patterns.append(step.cutsDigits == true ? #"\p{N}"# : #"\p{N}+"#)
            default: return nil
            }
        }
        return patterns + (last.usesPattern ?? true ? [SplitPattern.gpt2Pattern] : [])
    }
}
