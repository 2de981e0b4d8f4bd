/// Text for an engine in which control tags are kept apart from plain text.
///
/// Plain text is always tokenised with control tokens disabled, so text that came from a user can never fork, join or
/// end anything. Each piece is tokenised by itself; this is also how training data is tokenised.
public struct TokenText: Sendable, Hashable, ExpressibleByStringLiteral {
    /// One stretch of a ``TokenText``.
    public enum Piece: Sendable, Hashable {
        /// Plain text; a tag inside it is just characters.
        case text(String)
        /// Exactly one control token, named by its tag, such as `<Parallel>`.
        case control(String)
        /// Token ids that this engine produced earlier, resent as they are.
        case tokens([TokenID])
    }

    /// The pieces in order.
    public var pieces: [Piece]

    /// Creates text from pieces.
    public init(_ pieces: [Piece] = []) {
        self.pieces = pieces
    }

    /// Creates one piece of plain text.
    public init(stringLiteral value: String) {
        self.pieces = [.text(value)]
    }

    /// Both texts, one after the other.
    public static func + (left: TokenText, right: TokenText) -> TokenText {
        TokenText(left.pieces + right.pieces)
    }
}
