import Braid
import Synchronization

/// An engine whose model is a function from the context's text to what comes next, at the pace that a test wants; a token
/// is a tag, or a word with the space before it.
final class PacedEngine: Engine {
    /// What the model does at one point.
    enum Step: Sendable {
        /// Writes text; tags in it are control tokens.
        case text(String)
        /// Writes one token so many times.
        case token(String, times: Int)
        /// Waits until the test opens the gate, or the decode call is cancelled.
        case wait(Gate)
        /// Waits until the decode call is cancelled.
        case hang
        /// Fails.
        case fail(EngineError)
    }

    private struct State {
        var openContexts = 0
        var opened = 0
        var decoding = 0
        var tokens = 0
    }

    let description: EngineDescription
    private let tags: Set<String>
    private let script: @Sendable (String) -> [Step]
    private let state = Mutex(State())

    init(
        tags: Set<String> = Dialect.braid.allTags, tier: EngineDescription.Tier = .tokens,
        script: @escaping @Sendable (String) -> [Step]
    ) {
        self.tags = tags
        self.script = script
        description = EngineDescription(
            name: "paced", model: "script", contextLength: 100_000, tier: tier, controlTags: tags, masksTokens: false,
            stitches: false, logProbabilities: false)
    }

    /// Answers every question by one thought and "42".
    static func simple() -> PacedEngine {
        PacedEngine { _ in [.text(" so it is<Answer> 42</Answer>")] }
    }

    /// Forks into two threads whose returns are joined.
    /// - Parameter pauses: what each thread waits for, by its label.
    static func forking(pauses: [String: Gate] = [:]) -> PacedEngine {
        PacedEngine { context in
            for label in ["1", "2"] where context.hasSuffix("<Thread>\(label): part \(label)\n") {
                let pause = pauses[label].map { [Step.wait($0)] } ?? []
                return pause + [.text("work \(label)<Return> \(label)</Return></Thread>")]
            }
            if context.hasSuffix("</Parallel>") { return [.text(" both<Answer> 42</Answer>")] }
            return [
                .text(
                    "first<Parallel><Outlines><Outline>1: part 1</Outline><Outline>2: part 2</Outline></Outlines>")
            ]
        }
    }

    var openContexts: Int { state.withLock { $0.openContexts } }
    /// Contexts that were ever opened.
    var opened: Int { state.withLock { $0.opened } }
    /// Decode calls that go on.
    var decoding: Int { state.withLock { $0.decoding } }
    /// Tokens that were delivered.
    var tokens: Int { state.withLock { $0.tokens } }

    func open(_ prompt: TokenText) async throws -> any EngineContext {
        let context = context("")
        try await context.extend(prompt)
        return context
    }

    fileprivate func context(_ text: String) -> PacedContext {
        state.withLock { state in
            state.openContexts += 1
            state.opened += 1
        }
        return PacedContext(self, text)
    }

    fileprivate func closed() { state.withLock { $0.openContexts -= 1 } }

    private func tokens(of step: Step) -> [DecodedToken] {
        switch step {
        case .text(let text): tokens(of: text)
        case .token(let text, let times): Array(repeating: DecodedToken(id: 3, text: text), count: times)
        case .wait, .hang, .fail: []
        }
    }

    /// Splits text into tags and words.
    private func tokens(of text: String) -> [DecodedToken] {
        var tokens: [DecodedToken] = []
        var rest = text[...]
        while !rest.isEmpty {
            if let tag = tags.first(where: { rest.hasPrefix($0) }) {
                tokens.append(DecodedToken(id: 1, text: "", control: tag))
                rest = rest.dropFirst(tag.count)
                continue
            }
            var word = String(rest.removeFirst())
            while let next = rest.first, next != " ", !tags.contains(where: { rest.hasPrefix($0) }) {
                word.append(next)
                rest = rest.dropFirst()
            }
            tokens.append(DecodedToken(id: 2, text: word))
        }
        return tokens
    }

    fileprivate func decode(
        _ context: PacedContext, _ options: DecodingOptions,
        _ continuation: AsyncThrowingStream<DecodingEvent, any Error>.Continuation
    ) async {
        state.withLock { $0.decoding += 1 }
        defer { state.withLock { $0.decoding -= 1 } }
        var count = 0
        do {
            for step in script(context.text) {
                switch step {
                case .wait(let gate): try await gate.pass()
                case .hang: try await Task.sleep(for: .seconds(600))
                case .fail(let error): throw error
                case .text, .token:
                    for token in tokens(of: step) {
                        try Task.checkCancellation()
                        context.append(token.control ?? token.text)
                        state.withLock { $0.tokens += 1 }
                        continuation.yield(.token(token))
                        count += 1
                        if let tag = token.control, options.stops.contains(tag) {
                            continuation.yield(.stop(.control(tag)))
                            return continuation.finish()
                        }
                        if count == options.maximumTokens {
                            continuation.yield(.stop(.tokenLimit))
                            return continuation.finish()
                        }
                    }
                }
            }
            continuation.finish(throwing: EngineError.failed("the script ended"))
        } catch {
            continuation.finish(throwing: error)
        }
    }
}

final class PacedContext: EngineContext {
    private let engine: PacedEngine
    private let state: Mutex<(text: String, count: Int, isOpen: Bool)>

    fileprivate init(_ engine: PacedEngine, _ text: String) {
        self.engine = engine
        state = Mutex((text, text.isEmpty ? 0 : 1, true))
    }

    var text: String { state.withLock { $0.text } }
    var tokenCount: Int { state.withLock { $0.count } }

    fileprivate func append(_ text: String) {
        state.withLock { state in
            state.text += text
            state.count += 1
        }
    }

    @discardableResult
    func extend(_ text: TokenText) async throws -> Int {
        let tokens = text.pieces.count
        state.withLock { state in
            state.text += text.rendered
            state.count += tokens
        }
        return tokens
    }

    func decode(_ options: DecodingOptions) -> DecodedTokens {
        DecodedTokens(
            AsyncThrowingStream { continuation in
                let task = Task { await self.engine.decode(self, options, continuation) }
                continuation.onTermination = { _ in task.cancel() }
            })
    }

    func fork(_ count: Int) async throws -> [any EngineContext] {
        let text = text
        return (0..<count).map { _ in engine.context(text) }
    }

    func join(_ threads: [any EngineContext], as form: JoinForm) async throws {
        for thread in threads { await thread.close() }
        if case .reprefill(let text) = form { try await extend(text) }
    }

    func score(_ text: TokenText) async throws -> [LogProbability] { [] }

    func close() async {
        let wasOpen = state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        if wasOpen { engine.closed() }
    }
}

/// Something that a test lets others wait for.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Waits until the gate is open.
    func pass() async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayPass = state.withLock { state in
                    if state.isOpen || Task.isCancelled { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if mayPass { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
        try Task.checkCancellation()
    }

    /// Lets everybody pass, from now on.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume() }
    }
}
