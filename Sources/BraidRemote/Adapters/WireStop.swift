internal import Braid

/// What stopped a generation, as vLLM's `stop_reason` and SGLang's `matched` write it: a token or a text.
enum WireStop: Decodable, Hashable {
    case token(TokenID)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // What is no number is a text, and what is neither is an error.
        if let id = try? container.decode(TokenID.self) {
            self = .token(id)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    /// The end that a finish reason stands for; a reason that is not known is a failure and never a stop.
    static func end(_ reason: String, matched: WireStop?) throws(GenerationFailure) -> GenerationEnd {
        switch (reason, matched) {
        case ("stop", .token(let id)): .stopToken(id)
        case ("stop", .text(let text)): .stopText(text)
        case ("stop", nil): .endOfText
        case ("length", _): .length
        default: throw GenerationFailure(.inBand, "it ended with the reason '\(reason)'", code: reason)
        }
    }
}
