import Braid
import Synchronization

/// An engine whose model is a function from the context's text to what comes next; a token is a tag or a word.
final class ScriptedEngine: Engine {
    /// What the model does at one point.
    struct Reply: Sendable, ExpressibleByStringLiteral {
        var text: String
        /// Thrown after the text.
        var error: (any Error)?
        /// Waits for cancellation after the text.
        var hangs = false
        /// Of each token.
        var logProbability: Float?

        init(_ text: String, error: (any Error)? = nil, hangs: Bool = false, logProbability: Float? = nil) {
            self.text = text
            self.error = error
            self.hangs = hangs
            self.logProbability = logProbability
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    /// What the run asks of the engine.
    enum Call: Sendable, Hashable {
        case fork, join
        case token(String)
    }

    /// One decode call: what the context held, and what it was to stop at.
    struct Decode: Sendable, Hashable {
        var context: String
        var stops: Set<String>
    }

    struct State {
        var ids: [String: TokenID] = [:]
        var decodes: [Decode] = []
        var words: [String] = []
        var openContexts = 0
        var mostOpenContexts = 0
        /// Most tokens that each decode call asked for.
        var tokenLimits: [Int] = []
        var prompts: [String] = []
        var joinedPieces: [TokenText.Piece] = []
        /// What the coming joins were said to begin with.
        var warmedTexts: [TokenText] = []
        var seeds: [UInt64] = []
        var violations: [String] = []
        /// Groups that were asked for.
        var groups: [GroupOptions] = []
        /// What the members of a step saw, step by step.
        var views: [[String]] = []
        /// Members that published, in order.
        var published: [Int] = []
        /// Sizes of forks into numbered threads.
        var numberedForks: [Int] = []
    }

    let description: EngineDescription
    let tags: Set<String>
    /// Tags that end every decode call, as the tokens do that end an answer of an embedded model.
    let ends: Set<String>
    let script: @Sendable (String) -> Reply
    let onCall: @Sendable (Call) async -> Void
    let failsWarmUps: Bool
    /// The log-probability of anything after a context; nil for an engine that cannot score.
    let scores: (@Sendable (String) -> Float)?
    let state = Mutex(State())

    init(
        tags: Set<String> = Dialect.braid.allTags, ends: Set<String> = [], contextLength: Int = 100_000,
        masksTokens: Bool = false,
        tier: EngineDescription.Tier = .tokens, stitches: Bool = false, failsWarmUps: Bool = false,
        scores: (@Sendable (String) -> Float)? = nil, stepTimes: StepTimes? = nil,
        logProbabilities: Bool = false,
        groupsContexts: Bool = false, thoughts: Int = 0,
        onCall: @escaping @Sendable (Call) async -> Void = { _ in }, script: @escaping @Sendable (String) -> Reply
    ) {
        self.tags = tags
        self.ends = ends
        self.script = script
        self.onCall = onCall
        self.failsWarmUps = failsWarmUps
        self.scores = scores
        description = EngineDescription(
            name: "scripted", model: "script", contextLength: contextLength, tier: tier, controlTags: tags,
            masksTokens: masksTokens, stitches: stitches, logProbabilities: logProbabilities,
            groupsContexts: groupsContexts, thoughts: thoughts, stepTimes: stepTimes)
    }

    /// Continues with the value of the longest key that the context ends with.
    convenience init(_ replies: [String: Reply], masksTokens: Bool = false, contextLength: Int = 100_000) {
        self.init(contextLength: contextLength, masksTokens: masksTokens) { context in
            let keys = replies.keys.filter { context.hasSuffix($0) }
            return keys.max { $0.count < $1.count }.flatMap { replies[$0] }
                ?? Reply("", error: EngineError.failed("no reply to …\(context.suffix(60))"))
        }
    }

    func open(_ prompt: TokenText) async throws -> any EngineContext {
        let context = ScriptedContext(engine: self, words: [])
        do {
            try await context.extend(prompt)
        } catch {
            await context.close()
            throw error
        }
        let text = context.text
        state.withLock { $0.prompts.append(text) }
        return context
    }

    func id(of word: String) -> TokenID {
        state.withLock { state in
            if let id = state.ids[word] { return id }
            let id = TokenID(state.words.count)
            state.ids[word] = id
            state.words.append(word)
            return id
        }
    }

    func word(_ id: TokenID) -> String { state.withLock { $0.words[Int(id)] } }

    /// Splits a script into tags, words and empty lines; a word takes the space before it, and a colon ends it.
    func tokens(of script: String) -> [DecodedToken] {
        var tokens: [DecodedToken] = []
        var rest = script[...]
        while !rest.isEmpty {
            if let tag = tags.first(where: { rest.hasPrefix($0) }) {
                tokens.append(DecodedToken(id: id(of: tag), text: "", control: tag))
                rest = rest.dropFirst(tag.count)
                continue
            }
            var word = String(rest.removeFirst())
            if word == "\n", rest.first == "\n" { word.append(rest.removeFirst()) }
            while let next = rest.first, next != " ", next != "\n", word.last != ":", word.last != "\n",
                !tags.contains(where: { rest.hasPrefix($0) })
            {
                word.append(next)
                rest = rest.dropFirst()
            }
            tokens.append(DecodedToken(id: id(of: word), text: word))
        }
        return tokens
    }

    /// Tokens of plain text, in which no tag counts.
    func plainTokens(of text: String) -> [DecodedToken] {
        text.split(separator: " ", omittingEmptySubsequences: false).enumerated().map { index, word in
            let word = index == 0 ? String(word) : " \(word)"
            return DecodedToken(id: id(of: word), text: word)
        }.filter { !$0.text.isEmpty }
    }
}

final class ScriptedContext: EngineContext {
    private struct State {
        var words: [String]
        let origin: Int
        var isOpen = true
        var isForked = false
    }

    private let engine: ScriptedEngine
    private let state: Mutex<State>

    init(engine: ScriptedEngine, words: [String]) {
        self.engine = engine
        state = Mutex(State(words: words, origin: words.count))
        engine.state.withLock { state in
            state.openContexts += 1
            state.mostOpenContexts = max(state.mostOpenContexts, state.openContexts)
        }
    }

    /// What came after the fork.
    private var own: [String] { state.withLock { Array($0.words[$0.origin...]) } }

    var text: String { state.withLock { $0.words.joined() } }

    var tokenCount: Int { state.withLock { $0.words.count } }

    @discardableResult
    func extend(_ text: TokenText) async throws -> Int {
        var words: [String] = []
        for piece in text.pieces {
            switch piece {
            case .control(let tag): words.append(tag)
            case .text(let plain): words += engine.plainTokens(of: plain).map(\.text)
            case .tokens(let ids): words += ids.map { engine.word($0) }
            }
        }
        let total = tokenCount + words.count
        guard total <= engine.description.contextLength else {
            throw EngineError.contextTooLong(tokens: total, limit: engine.description.contextLength)
        }
        state.withLock { $0.words += words }
        return words.count
    }

    func decode(_ options: DecodingOptions) -> DecodedTokens {
        let violation: String? = state.withLock { state in
            if !state.isOpen { return "decoded after close" }
            return state.isForked ? "decoded while forked" : nil
        }
        if let violation { engine.state.withLock { $0.violations.append(violation) } }
        let decode = ScriptedEngine.Decode(context: text, stops: options.stops)
        engine.state.withLock { state in
            state.seeds.append(options.seed)
            state.tokenLimits.append(options.maximumTokens)
            state.decodes.append(decode)
        }
        let reply = engine.script(text)
        let call = ScriptedDecoding(engine: engine, options: options, reply: reply)
        return DecodedTokens(
            AsyncThrowingStream {
                guard let event = try await call.next(room: self.engine.description.contextLength - self.tokenCount)
                else {
                    return nil
                }
                if case .token(let token) = event {
                    self.state.withLock { $0.words.append(token.control ?? token.text) }
                    await self.engine.onCall(.token(token.control ?? token.text))
                }
                return event
            })
    }

    func fork(_ count: Int) async throws -> [any EngineContext] {
        await engine.onCall(.fork)
        let words = state.withLock { state in
            state.isForked = true
            return state.words
        }
        return (0..<count).map { _ in ScriptedContext(engine: engine, words: words) }
    }

    func forkNumbered(_ count: Int) async throws -> [any EngineContext] {
        guard count <= engine.description.thoughts else { throw EngineError.unsupported("thoughts") }
        engine.state.withLock { $0.numberedForks.append(count) }
        return try await fork(count)
    }

    func group(_ options: GroupOptions) async throws -> any ContextGroup {
        guard engine.description.groupsContexts else { throw EngineError.unsupported("groups") }
        return ScriptedGroup(engine: engine, options: options, common: text)
    }

    func warmUpJoin(_ text: TokenText) async throws {
        engine.state.withLock { $0.warmedTexts.append(text) }
        if engine.failsWarmUps { throw EngineError.failed("no room") }
    }

    func join(_ threads: [any EngineContext], as form: JoinForm) async throws {
        await engine.onCall(.join)
        switch form {
        case .reprefill(let text):
            engine.state.withLock { $0.joinedPieces += text.pieces }
            try await extend(text)
        case .stitch:
            let adopted = threads.compactMap { $0 as? ScriptedContext }.flatMap(\.own)
            state.withLock { $0.words += adopted }
        }
        for thread in threads { await thread.close() }
        state.withLock { $0.isForked = false }
    }

    func score(_ text: TokenText) async throws -> [LogProbability] {
        guard let scores = engine.scores else { throw EngineError.unsupported("scoring") }
        return [LogProbability(token: 0, value: scores(self.text))]
    }

    func close() async {
        let wasOpen = state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        if wasOpen { engine.state.withLock { $0.openContexts -= 1 } }
    }
}

/// One decode call of a scripted context.
private final class ScriptedDecoding: Sendable {
    private struct State {
        var tokens: [DecodedToken]
        var index = 0
        var grammar: ControlGrammar?
        var exact = ""
        var stop: StopReason?
        var hasStopped = false
    }

    private let engine: ScriptedEngine
    private let options: DecodingOptions
    private let reply: ScriptedEngine.Reply
    private let state: Mutex<State>

    init(engine: ScriptedEngine, options: DecodingOptions, reply: ScriptedEngine.Reply) {
        self.engine = engine
        self.options = options
        self.reply = reply
        state = Mutex(State(tokens: engine.tokens(of: reply.text), grammar: options.grammar))
    }

    func next(room: Int) async throws -> DecodingEvent? {
        let event = try state.withLock { state -> DecodingEvent? in
            if let stop = state.stop { return .stop(stop) }
            guard state.index < state.tokens.count else { return nil }
            if state.index == options.maximumTokens { return finish(&state, .tokenLimit) }
            if room <= 0 { return finish(&state, .contextFull) }
            var token = state.tokens[state.index]
            token.logProbability = reply.logProbability
            state.index += 1
            try check(token, &state)
            if let tag = token.control, options.stops.contains(tag) || engine.ends.contains(tag) {
                state.stop = .control(tag)
            }
            return .token(token)
        }
        if let event {
            guard case .stop = event else { return event }
            let isSecond = state.withLock { state in
                defer { state.hasStopped = true }
                return state.hasStopped
            }
            return isSecond ? nil : event
        }
        if let error = reply.error { throw error }
        if reply.hangs { try await Task.sleep(for: .seconds(3600)) }
        throw EngineError.failed("the script ended early: \(reply.text)")
    }

    private func finish(_ state: inout State, _ reason: StopReason) -> DecodingEvent {
        state.stop = reason
        return .stop(reason)
    }

    /// A masking engine could never have drawn what its grammar forbids.
    private func check(_ token: DecodedToken, _ state: inout State) throws {
        guard var grammar = state.grammar else { return }
        switch grammar.expectation {
        case .text(let tags):
            if let tag = token.control, !tags.contains(tag) { throw violation(token, grammar) }
            grammar.advance(token.control.map { .control($0) } ?? .text)
        case .tags(let tags):
            guard let tag = token.control, tags.contains(tag) else { throw violation(token, grammar) }
            grammar.advance(.control(tag))
        case .exactly(let text):
            state.exact += token.text
            guard token.control == nil, text.hasPrefix(state.exact) else { throw violation(token, grammar) }
            if state.exact == text {
                grammar.advance(.exact)
                state.exact = ""
            }
        case .choice(let texts):
            state.exact += token.text
            guard token.control == nil, texts.contains(where: { $0.hasPrefix(state.exact) }) else {
                throw violation(token, grammar)
            }
            if texts.contains(state.exact) {
                grammar.advance(.chosen(state.exact))
                state.exact = ""
            }
        }
        state.grammar = grammar
    }

    private func violation(_ token: DecodedToken, _ grammar: ControlGrammar) -> EngineError {
        .failed("grammar forbids \(token.control ?? token.text); expected \(grammar.expectation)")
    }
}
