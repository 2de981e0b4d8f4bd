import Braid
import Synchronization

@testable import BraidGateway

/// An engine whose tokens are letters (0 to 25), a few tags, and an end; its model is a function of the ids so far.
final class LetterEngine: Engine {
    static let thread: TokenID = 90
    static let threadEnd: TokenID = 91
    static let end: TokenID = 99
    private static let tags: [TokenID: String] = [thread: "<Thread>", threadEnd: "</Thread>", end: "<end>"]

    /// The tokenizer of its letters.
    static let tokenizer = ServedTokenizer(
        vocabularySize: 100, beginning: [25],
        encode: { text in text.utf8.compactMap { (97...122).contains($0) ? TokenID($0) - 97 : nil } },
        decode: { ids in String(decoding: ids.map { UInt8(truncatingIfNeeded: $0 + 97) }, as: UTF8.self) },
        tag: { tags[$0] }, id: { tag in tags.first { $0.value == tag }?.key })

    /// The ids of letters and tags.
    static func ids(_ text: String) -> [TokenID] {
        RawPrompt.tokens(of: text, tokenizer: tokenizer, tags: Set(tags.values), addsBeginning: false)
    }

    let description: EngineDescription
    private let model: @Sendable ([TokenID]) -> TokenID
    private let open = Mutex(0)

    init(_ model: @escaping @Sendable ([TokenID]) -> TokenID) {
        self.model = model
        description = EngineDescription(
            name: "letters", model: "letters", contextLength: 64, tier: .tokens,
            controlTags: Set(Self.tags.values), masksTokens: false, stitches: false, logProbabilities: true)
    }

    /// Continues a fixed text from wherever the context's last letters are in it, and then ends.
    static func reciting(_ text: String) -> LetterEngine {
        let ids = ids(text) + [end]
        return LetterEngine { context in context.count < ids.count ? ids[context.count] : end }
    }

    /// Contexts that are not closed.
    var openContexts: Int { open.withLock { $0 } }

    func open(_ prompt: TokenText) async throws -> any EngineContext {
        let context = context([])
        _ = try await context.extend(prompt)
        return context
    }

    fileprivate func context(_ ids: [TokenID]) -> LetterContext {
        open.withLock { $0 += 1 }
        return LetterContext(self, ids)
    }

    fileprivate func closed() { open.withLock { $0 -= 1 } }

    /// The log-probability of whatever comes next: known, and different at each position.
    static func value(at position: Int) -> Float { -Float(position) / 4 }

    fileprivate func next(_ ids: [TokenID]) -> DecodedToken {
        let id = model(ids)
        let tag = Self.tags[id]
        return DecodedToken(
            id: id, text: tag == nil ? Self.tokenizer.decode([id]) : "", control: tag,
            logProbability: Self.value(at: ids.count))
    }

    fileprivate static func ids(_ text: TokenText) throws -> [TokenID] {
        try text.pieces.flatMap { piece in
            switch piece {
            case .tokens(let ids): return ids
            case .text(let text): return tokenizer.encode(text)
            case .control(let tag):
                guard let id = tokenizer.id(tag) else { throw EngineError.unknownControlTag(tag, known: []) }
                return [id]
            }
        }
    }
}

final class LetterContext: EngineContext {
    private let engine: LetterEngine
    private let state: Mutex<(ids: [TokenID], isOpen: Bool)>

    fileprivate init(_ engine: LetterEngine, _ ids: [TokenID]) {
        self.engine = engine
        state = Mutex((ids, true))
    }

    var tokenCount: Int { get async { state.withLock { $0.ids.count } } }

    func extend(_ text: TokenText) async throws -> Int {
        let ids = try LetterEngine.ids(text)
        state.withLock { $0.ids += ids }
        return ids.count
    }

    func decode(_ options: DecodingOptions) -> DecodedTokens {
        let limit = engine.description.contextLength
        var events: [DecodingEvent] = []
        var stop = StopReason.tokenLimit
        state.withLock { state in
            for _ in 0..<options.maximumTokens {
                guard state.ids.count < limit else {
                    stop = .contextFull
                    return
                }
                let token = engine.next(state.ids)
                state.ids.append(token.id)
                events.append(.token(token))
                if let tag = token.control, options.stops.contains(tag) || token.id == LetterEngine.end {
                    stop = .control(tag)
                    return
                }
            }
        }
        return DecodedTokens(
            AsyncThrowingStream { continuation in
                for event in events { continuation.yield(event) }
                continuation.yield(.stop(stop))
                continuation.finish()
            })
    }

    func fork(_ count: Int) async throws -> [any EngineContext] {
        let ids = state.withLock { $0.ids }
        return (0..<count).map { _ in engine.context(ids) }
    }

    func join(_ threads: [any EngineContext], as form: JoinForm) async throws {
        throw EngineError.unsupported("joins")
    }

    func score(_ text: TokenText) async throws -> [LogProbability] {
        let before = state.withLock { $0.ids.count }
        return try LetterEngine.ids(text).enumerated().map { index, id in
            LogProbability(token: id, value: LetterEngine.value(at: before + index))
        }
    }

    func close() async {
        let wasOpen = state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        if wasOpen { engine.closed() }
    }
}
