internal import Braid

/// The `prompt` of a completion: ids or text.
enum WirePrompt: Encodable {
    case tokens([TokenID])
    case text(String)

    init(_ prompt: GenerationRequest.Prompt, engine: String) throws(EngineError) {
        switch prompt {
        case .tokens(let ids): self = .tokens(ids)
        case .text(let text): self = .text(text)
        case .chat: throw .unsupported("chat messages as the prompt of a completion (\(engine))")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .tokens(let ids): try container.encode(ids)
        case .text(let text): try container.encode(text)
        }
    }
}
