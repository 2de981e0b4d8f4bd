import Braid
import Synchronization

/// An engine whose tokens cost nothing: each decode call gives so many words, then the end of a thread or an answer.
struct CostlessEngine: Engine {
    let tokensPerThread: Int

    var description: EngineDescription {
        EngineDescription(
            name: "costless", model: "none", contextLength: 1 << 20, tier: .tokens, controlTags: Dialect.braid.allTags,
            masksTokens: false, stitches: false, logProbabilities: false)
    }

    func open(_ prompt: TokenText) async throws -> any EngineContext { CostlessContext(engine: self, isThread: false) }

    /// The tokens of one thread.
    func stream(maximumTokens: Int = .max, isThread: Bool = true) -> DecodedTokens {
        let count = isThread ? tokensPerThread : 1
        let words = min(count, maximumTokens)
        let (stream, continuation) = AsyncThrowingStream<DecodingEvent, any Error>.makeStream()
        for index in 0..<words { continuation.yield(.token(DecodedToken(id: TokenID(index & 255), text: " word"))) }
        if maximumTokens <= count {
            continuation.yield(.stop(.tokenLimit))
        } else if isThread {
            for tag in ["<Return>", "</Return>", "</Thread>"] {
                continuation.yield(.token(DecodedToken(id: 300, text: "", control: tag)))
            }
            continuation.yield(.stop(.control("</Thread>")))
        } else {
            for tag in ["<Answer>", "</Answer>"] {
                continuation.yield(.token(DecodedToken(id: 301, text: "", control: tag)))
            }
            continuation.yield(.stop(.control("</Answer>")))
        }
        continuation.finish()
        return DecodedTokens(stream)
    }
}

/// A context that holds nothing but its length.
private final class CostlessContext: EngineContext {
    private let engine: CostlessEngine
    private let isThread: Bool
    private let count = Mutex(1)

    init(engine: CostlessEngine, isThread: Bool) {
        self.engine = engine
        self.isThread = isThread
    }

    var tokenCount: Int { count.withLock { $0 } }

    func extend(_ text: TokenText) async throws -> Int {
        count.withLock { $0 += 1 }
        return 1
    }

    func decode(_ options: DecodingOptions) -> DecodedTokens {
        engine.stream(maximumTokens: options.maximumTokens, isThread: isThread)
    }

    func fork(_ count: Int) async throws -> [any EngineContext] {
        (0..<count).map { _ in CostlessContext(engine: engine, isThread: true) }
    }

    func join(_ threads: [any EngineContext], as form: JoinForm) async throws { count.withLock { $0 += 1 } }

    func score(_ text: TokenText) async throws -> [LogProbability] { [LogProbability(token: 0, value: -1)] }

    func close() async {}
}
