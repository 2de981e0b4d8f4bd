import Braid
import Synchronization

/// An engine that writes what it was told to, one token per word and one per tag.
struct ScriptedEngine: Engine {
    /// What the main line writes, one text per decode call.
    var main: [String]
    /// What a thread writes, by its outline's number.
    var threads: [Int: String] = [:]
    /// How long each token takes.
    var delay = Duration.zero
    /// Whether the main line goes on for ever once its texts are used up.
    var isEndless = false
    /// What opening a context throws.
    var failure: EngineError?

    var description: EngineDescription {
        EngineDescription(
            name: "scripted", model: "script", contextLength: 4096, tier: .tokens, controlTags: Dialect.braid.allTags,
            masksTokens: false, stitches: false, logProbabilities: false)
    }

    func open(_ prompt: TokenText) async throws -> any EngineContext {
        if let failure { throw failure }
        return ScriptedContext(engine: self, texts: main, tokenCount: 4)
    }
}

private final class ScriptedContext: EngineContext {
    private struct State {
        var texts: [String]
        var tokenCount: Int
    }

    private let engine: ScriptedEngine
    private let state: Mutex<State>

    init(engine: ScriptedEngine, texts: [String], tokenCount: Int) {
        self.engine = engine
        state = Mutex(State(texts: texts, tokenCount: tokenCount))
    }

    var tokenCount: Int { state.withLock { $0.tokenCount } }

    func extend(_ text: TokenText) async throws -> Int {
        // A seed names its thread after the opening tag.
        if case .text(let seed)? = text.pieces.last, let number = Int(seed.prefix { $0 != ":" }) {
            state.withLock { $0.texts = [engine.threads[number] ?? ""] }
        }
        state.withLock { $0.tokenCount += 3 }
        return 3
    }

    func decode(_ options: DecodingOptions) -> DecodedTokens {
        let text = state.withLock { $0.texts.isEmpty ? nil : $0.texts.removeFirst() }
        let (stream, continuation) = AsyncThrowingStream<DecodingEvent, any Error>.makeStream()
        let writing = Task {
            var count = 0
            var words = text.map(Self.words) ?? []
            while engine.isEndless || !words.isEmpty {
                let word = words.isEmpty ? " more" : words.removeFirst()
                if engine.delay > .zero { try await Task.sleep(for: engine.delay) }
                try Task.checkCancellation()
                let isTag = Dialect.braid.allTags.contains(word)
                state.withLock { $0.tokenCount += 1 }
                continuation.yield(.token(DecodedToken(id: 1, text: isTag ? "" : word, control: isTag ? word : nil)))
                count += 1
                if isTag, options.stops.contains(word) {
                    continuation.yield(.stop(.control(word)))
                    break
                }
                if count == options.maximumTokens {
                    continuation.yield(.stop(.tokenLimit))
                    break
                }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in writing.cancel() }
        return DecodedTokens(stream)
    }

    func fork(_ count: Int) async throws -> [any EngineContext] {
        (0..<count).map { _ in ScriptedContext(engine: engine, texts: engine.main, tokenCount: tokenCount) }
    }

    func join(_ threads: [any EngineContext], as form: JoinForm) async throws {
        state.withLock { $0.tokenCount += 5 }
    }

    func score(_ text: TokenText) async throws -> [LogProbability] { [] }

    func close() async {}

    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        for character in text {
            if character == "<" || (character == " " && !word.isEmpty) {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            word.append(character)
            if character == ">" {
                words.append(word)
                word = ""
            }
        }
        return word.isEmpty ? words : words + [word]
    }
}

extension ScriptedEngine {
    /// Two threads and a right answer to `Use 12, 30 and 5 to make 47`.
    static let split = ScriptedEngine(
        main: [
            "I split this.<Parallel><Outlines><Outline>1: 12 + 30</Outline><Outline>2: keep 5</Outline></Outlines>",
            " 42 + 5 = 47<Answer> 12 + 30 + 5</Answer>",
        ],
        threads: [1: " 12 + 30 = 42<Return> 42</Return></Thread>", 2: "<Return> 5</Return></Thread>"])
}
