internal import Braid

/// Makes decoded tokens of text, for engines that give no ids: a tag becomes a token of its own, the rest one token for
/// each piece that came.
struct TextAssembler: Sendable {
    /// The id of tokens whose id is not known.
    static let unknownID: TokenID = -1

    private var scanner: TagScanner

    /// Creates an assembler that looks for these tags.
    init(tags: Set<String>) {
        scanner = TagScanner(tags: tags)
    }

    /// The tokens that a piece of text completes; the beginning of a tag is held back.
    mutating func tokens(_ text: String) -> [DecodedToken] {
        scanner.consume(text).map(Self.token)
    }

    /// The tokens that were held back.
    mutating func finish() -> [DecodedToken] {
        scanner.finish().map(Self.token)
    }

    private static func token(_ element: TagScanner.Element) -> DecodedToken {
        switch element {
        case .text(let text): DecodedToken(id: unknownID, text: text)
        case .tag(let tag): DecodedToken(id: unknownID, text: "", control: tag)
        }
    }
}
