/// The tokenizer of a served model, as closures, so that the gateway knows none.
public struct ServedTokenizer: Sendable {
    /// Number of ids.
    public var vocabularySize: Int
    /// Bytes of the longest token; nil where that is not known.
    public var longestToken: Int?
    /// Ids that the model expects at the beginning of a context.
    public var beginning: [Int32]
    /// The ids of plain text, in which no control tag counts.
    public var encode: @Sendable (String) -> [Int32]
    /// The text of ids.
    public var decode: @Sendable ([Int32]) -> String
    /// The control tag of an id; nil for ordinary tokens.
    public var tag: @Sendable (Int32) -> String?
    /// The id of a control tag; nil where there is none.
    public var id: @Sendable (String) -> Int32?

    /// Creates a tokenizer.
    public init(
        vocabularySize: Int, longestToken: Int? = nil, beginning: [Int32] = [],
        encode: @escaping @Sendable (String) -> [Int32],
        decode: @escaping @Sendable ([Int32]) -> String, tag: @escaping @Sendable (Int32) -> String?,
        id: @escaping @Sendable (String) -> Int32?
    ) {
        self.vocabularySize = vocabularySize
        self.longestToken = longestToken
        self.beginning = beginning
        self.encode = encode
        self.decode = decode
        self.tag = tag
        self.id = id
    }
}
