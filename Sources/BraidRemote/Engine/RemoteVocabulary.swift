public import Braid

/// What is known of an engine's vocabulary: its control tags, and how text becomes tokens.
public struct RemoteVocabulary: Sendable {
    /// Turns tokens into text while they stream: takes the next token and gives the text that is complete by now.
    public typealias Decoder = @Sendable (TokenID) -> String

    /// Control tags with their ids.
    public var tags: [String: TokenID]
    /// The tokens of plain text; never a control token, whatever the text says.
    public var encode: @Sendable (_ text: String) async throws -> [TokenID]
    /// Begins to decode; nil when the text of tokens is taken from the engine's answers.
    public var makeDecoder: (@Sendable () -> Decoder)?

    /// Creates a vocabulary.
    public init(
        tags: [String: TokenID], encode: @escaping @Sendable (_ text: String) async throws -> [TokenID],
        makeDecoder: (@Sendable () -> Decoder)? = nil
    ) {
        self.tags = tags
        self.encode = encode
        self.makeDecoder = makeDecoder
    }
}
