#if Gateway
    import Braid
    import Synchronization

    /// A stand-in for an engine: every line gives one token in each interval, and says in it when that was.
    ///
    /// A token's text is `@nanoseconds;` by the system's monotonic clock, so that a client on the same machine can tell how
    /// long it was under way. Only lines that are streamed as they come carry such stamps: the main line and first threads.
    struct PacedEngine: Engine {
        /// Gives each line its tokens.
        let steps: StepClock
        /// Tokens of a thread, and of an answer.
        let tokens: Int

        var description: EngineDescription {
            EngineDescription(
                name: "paced", model: "paced", contextLength: 1 << 20, tier: .tokens,
                controlTags: Dialect.braid.allTags, masksTokens: false, stitches: false, logProbabilities: false)
        }

        func open(_ prompt: TokenText) async throws -> any EngineContext { PacedContext(engine: self, line: .main) }
    }

    /// Which line of a run decodes.
    enum PacedLine: Sendable {
        case main, firstThread, otherThread

        /// What it ends with.
        var closing: [String] { self == .main ? ["</Answer>"] : ["<Return>", "</Return>", "</Thread>"] }
    }

    /// A context that holds nothing but its length.
    private final class PacedContext: EngineContext {
        private let engine: PacedEngine
        private let line: PacedLine
        private let count = Mutex(1)

        init(engine: PacedEngine, line: PacedLine) {
            self.engine = engine
            self.line = line
        }

        var tokenCount: Int { count.withLock { $0 } }

        func extend(_ text: TokenText) async throws -> Int {
            count.withLock { $0 += 1 }
            return 1
        }

        func decode(_ options: DecodingOptions) -> DecodedTokens {
            engine.steps.decode(line, tokens: engine.tokens)
        }

        func fork(_ count: Int) async throws -> [any EngineContext] {
            (0..<count).map { PacedContext(engine: engine, line: $0 == 0 ? .firstThread : .otherThread) }
        }

        func join(_ threads: [any EngineContext], as form: JoinForm) async throws { count.withLock { $0 += 1 } }

        func score(_ text: TokenText) async throws -> [LogProbability] { [LogProbability(token: 0, value: -1)] }

        func close() async {}
    }
#endif
